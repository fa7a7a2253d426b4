from __future__ import annotations

import pytest

from urlcheck.text.secret_names import is_secret, is_secret_header

SHORT, LONG = "x" * 15, "x" * 16

# the names whose values are masked whatever they are, those where they are long, and those that are never masked
ALWAYS = """
    token access_token accessToken api_token page_token token2 user[token] user%5Btoken%5D access+token mytoken
    secret app_secret webhook_secret client-secret clientsecret SecretKey secret_key
    password user_password userPassword newpassword passwd pwd pass user.pass passphrase
    auth auth_key authkey authToken oauth_signature Authorization X-Auth bearer
    sig signature X-Amz-Signature x-goog-signature xamzsignature hmac hub.hmac
    session session_id sid connect.sid PHPSESSID JSESSIONID jsessionid ASP.NET_SessionId sessionid
    jwt id_token SAMLResponse samlresponse cookie credential credentials X-Amz-Credential
    apikey api_key apiKey API-Key X-API-Key myapikey google_api_key access_key accesskey AWSAccessKeyId privateKey
    subscription-key
"""
WHERE_LONG = "key code KEY a2.key device_code deviceCode user[key] key1 cache-key public_key zipCode"
NEVER = """
    author authority sidebar passage monkey compass bypass passive tokens signed sign design signal assign inside side
    secretary keys keyword codes codec encode zipcode turkey id user name page q state email lang csrf nonce hash key_id
    cookies_ok tokenize credentialing apikeys
"""


@pytest.mark.parametrize("name", ALWAYS.split())
def test_a_name_that_tells_of_a_secret_masks_every_value(name: str) -> None:
    assert is_secret(name, "x")


@pytest.mark.parametrize("name", WHERE_LONG.split())
def test_a_key_or_a_code_masks_long_values(name: str) -> None:
    assert (is_secret(name, SHORT), is_secret(name, LONG)) == (False, True)


@pytest.mark.parametrize("name", NEVER.split())
def test_other_names_mask_nothing(name: str) -> None:
    assert not is_secret(name, LONG)


@pytest.mark.parametrize("name", ALWAYS.split())
def test_the_rule_holds_for_headers_too(name: str) -> None:
    assert is_secret_header(name, "x")


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Auth", "X-Auth-Token", "Api-Key", "X_API_KEY"),
        *("Ocp-Apim-Subscription-Key", "X-Access-Key", "X-JWT", "X-Session-Id", "Private-Key", "Sig", "X-Functions-Key"),
        *(
            "X-Tokens",
            "Client-Secret-Value",
            "X-Pwd",
            "Passwd",
            "x-amz-security-token",
            "AuthKey",
            "X-Password-Hint",
            "Authentication",
            "Authorized-By",
        ),
    ],
)
def test_a_header_that_holds_a_secret_is_told_by_its_name(name: str) -> None:
    assert is_secret_header(name, "x")


@pytest.mark.parametrize(
    "name",
    [
        "Accept",
        "Content-Type",
        "X-Design",
        "User-Agent",
        "Origin",
        "Host",
        "X-Keys",
        "Location",
        "Author",
        "X-Authority",
        "Sidebar",
    ],
)
def test_other_headers_are_shown(name: str) -> None:
    assert not is_secret_header(name, "x" * 99)
