from __future__ import annotations

from pathlib import Path

import pytest

from urlcheck import CheckSettings, SettingsError
from urlcheck.settings.files import Contents, FileReader, placing, relocate
from urlcheck.settings.netrc import find_netrc


def test_each_file_that_settings_name_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(b"first")
    reader, settings = FileReader(), CheckSettings(ca_file=file)
    assert reader.read([settings]) == Contents({str(file): b"first"})
    file.write_bytes(b"second")
    assert reader.read([settings, settings]) == Contents({str(file): b"first"})


def test_the_netrc_is_read_where_settings_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_bytes(b"machine a login b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert FileReader().read([CheckSettings()]) == Contents({})
    assert FileReader().read([CheckSettings(netrc=True)]) == Contents({}, b"machine a login b")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^cert: cannot read .*none.pem: No such file or directory$"):
        FileReader().read([CheckSettings(cert=tmp_path / "none.pem")])


def test_files_exist_only_meanwhile_and_for_their_user_alone() -> None:
    with placing(Contents({"ca.pem": b"a", "/etc/key.pem": b"k"}, b"n")) as paths:
        ca, key = Path(paths["ca.pem"]), Path(paths["/etc/key.pem"])
        assert (ca.read_bytes(), key.read_bytes(), find_netrc().read_bytes()) == (b"a", b"k", b"n")
        assert ca.parent.stat().st_mode & 0o077 == 0
    assert not ca.exists()
    assert not ca.parent.exists()
    assert find_netrc() != ca.parent / "netrc"


def test_settings_name_files_by_their_new_paths() -> None:
    settings = CheckSettings(ca_file="ca.pem", cert=Path("cert.pem"), unix_socket="ca.pem")
    moved = relocate(settings, {"ca.pem": "/t/0", "cert.pem": "/t/1"})
    assert (moved.ca_file, moved.cert, moved.key, moved.unix_socket) == ("/t/0", "/t/1", None, "ca.pem")
