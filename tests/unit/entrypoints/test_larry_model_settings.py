"""The language model behind Larry: off unless it is set, and one clear line for what cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from clynto.domain.secret import Secret
from clynto.entrypoints.container import container_for
from clynto.entrypoints.settings import LarryModel, Settings, load_settings
from clynto.entrypoints.start_up_faults import SettingsError

_URL = "https://models.example/v1"
_KEY = "sk-canary-0123456789"


def _load(tmp_path: Path, **given: str) -> Settings:
    return load_settings({"CLYNTO_DATA_DIR": str(tmp_path / "var"), **given}, on_terminal=True)


def test_is_off_by_default(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert settings.larry_model is None
    assert container_for(settings, "redis://unused").planner() is None


def test_everything_can_be_set(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        CLYNTO_LARRY_MODEL_URL=f"{_URL}/",
        CLYNTO_LARRY_MODEL="large-2026",
        CLYNTO_LARRY_MODEL_KEY=_KEY,
        CLYNTO_LARRY_MODEL_SECONDS="5",
    )
    assert settings.larry_model == LarryModel(_URL, "large-2026", Secret(_KEY), 5)
    assert _KEY not in repr(settings)
    assert container_for(settings, "redis://unused").planner() is not None


def test_a_model_on_this_machine_needs_neither_key_nor_https(tmp_path: Path) -> None:
    model = _load(tmp_path, CLYNTO_LARRY_MODEL_URL="http://127.0.0.1:11434/v1", CLYNTO_LARRY_MODEL="small").larry_model
    assert model == LarryModel("http://127.0.0.1:11434/v1", "small", None, 10)


def test_the_key_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch(0o600)
    file.write_text(f"{_KEY}\n")
    given = {
        "CLYNTO_LARRY_MODEL_URL": _URL,
        "CLYNTO_LARRY_MODEL": "large",
        "CLYNTO_LARRY_MODEL_KEY_FILE": str(file),
    }
    model = _load(tmp_path, **given).larry_model
    assert model is not None
    assert model.key == Secret(_KEY)
    file.chmod(0o644)
    with pytest.raises(SettingsError, match=r"^CLYNTO_LARRY_MODEL_KEY_FILE: .*0600$"):
        _load(tmp_path, **given)
    file.unlink()
    with pytest.raises(SettingsError, match=r"^CLYNTO_LARRY_MODEL_KEY_FILE: .*cannot be read"):
        _load(tmp_path, **given)
    with pytest.raises(SettingsError, match=r"^CLYNTO_LARRY_MODEL_KEY: .*not both"):
        _load(tmp_path, **given, CLYNTO_LARRY_MODEL_KEY=_KEY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLYNTO_LARRY_MODEL_URL", ""),
        ("CLYNTO_LARRY_MODEL_URL", "models.example"),
        ("CLYNTO_LARRY_MODEL_URL", "http://models.example/v1"),
        ("CLYNTO_LARRY_MODEL_URL", "https://user:canary@models.example/v1"),
        ("CLYNTO_LARRY_MODEL_URL", "https://models.example/v1?key=canary"),
        ("CLYNTO_LARRY_MODEL_URL", "file:///etc/passwd"),
        ("CLYNTO_LARRY_MODEL", ""),
        ("CLYNTO_LARRY_MODEL", " "),
        ("CLYNTO_LARRY_MODEL", "a\nb"),
        ("CLYNTO_LARRY_MODEL", "x" * 201),
        ("CLYNTO_LARRY_MODEL_KEY", ""),
        ("CLYNTO_LARRY_MODEL_KEY", "sk-canary\nX-Other: 1"),
        ("CLYNTO_LARRY_MODEL_KEY", "sk canary"),
        ("CLYNTO_LARRY_MODEL_KEY", "canary-ü"),
        ("CLYNTO_LARRY_MODEL_KEY_FILE", ""),
        ("CLYNTO_LARRY_MODEL_SECONDS", "0"),
        ("CLYNTO_LARRY_MODEL_SECONDS", "51"),
        ("CLYNTO_LARRY_MODEL_SECONDS", "soon"),
        ("CLYNTO_LARRY_MODEL_TEMPERATURE", "1"),
    ],
)
def test_wrong_value_is_one_line_that_names_the_variable(tmp_path: Path, name: str, value: str) -> None:
    sound = {"CLYNTO_LARRY_MODEL_URL": _URL, "CLYNTO_LARRY_MODEL": "large"}
    with pytest.raises(SettingsError) as caught:
        _load(tmp_path, **{**sound, name: value})
    line = str(caught.value)
    assert line.startswith(f"{name}: ")
    assert "\n" not in line
    assert "canary" not in line
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", ["CLYNTO_LARRY_MODEL", "CLYNTO_LARRY_MODEL_KEY", "CLYNTO_LARRY_MODEL_SECONDS"])
def test_half_a_model_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: .*CLYNTO_LARRY_MODEL_URL"):
        _load(tmp_path, **{name: "5"})


def test_an_address_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^CLYNTO_LARRY_MODEL: must name the model"):
        _load(tmp_path, CLYNTO_LARRY_MODEL_URL=_URL)
