"""Recognises the answers of bot walls, which stand in for the page."""

from __future__ import annotations

from urlcheck.model.outcome import Response

# headers by which a bot wall answers instead of the page: the name, the values that it then has, the wall's vendor
_WALL_HEADERS = (
    # developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
    ("cf-mitigated", ("challenge",), "Cloudflare"),
    # docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-actions.html; a challenge is a 202
    ("x-amzn-waf-action", ("challenge", "captcha"), "AWS WAF"),
)
_WALL_STATUSES = {999: "a bot wall answered (LinkedIn's status for it)"}


def find_wall(response: Response) -> str | None:
    """The bot wall that answered, in words; None where the answer is the page's. The status may be one that passes."""
    for name, values, owner in _WALL_HEADERS:
        if response.headers.get(name, "").strip().lower() in values:
            return f"a bot wall answered ({owner})"
    return _WALL_STATUSES.get(response.status)
