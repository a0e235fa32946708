"""Where the sound of a line comes from, and what is kept of it where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from fakes.sound_files import write_wav
from fakes.voices import HummingVoice, hum

from ivr.errors import SpeakingError
from ivr.hearing.telephone_audio import decode_mulaw, read_wav
from ivr.settings import Settings
from ivr.speaking import prompt_sounds
from ivr.speaking.prompt_sounds import PromptSounds, open_prompt_sounds, open_voice
from ivr.speaking.prompt_texts import PromptText
from ivr.speaking.recordings import Recording
from ivr.speaking.rendered_files import RenderedFiles
from ivr.speaking.speech_level import TARGET_RMS, active_rms
from ivr.telephony.ports import PromptAudio
from ivr.wiring.backstage import load_shipped_flow

ROOT = Path(__file__).parents[2]
GREETING, OFFER, CONFIRM = "銀行です。", "For English, press nine.", "山田様、ですか。"
TEXTS = [
    PromptText("ja", "greeting", GREETING, False),
    PromptText("ja", "english_offer", OFFER, False),
    PromptText("ja", "confirm", "昭和様、ですか。", True),
]


@pytest.fixture
def voice() -> Iterator[HummingVoice]:
    voice = HummingVoice()
    yield voice
    voice.go_on()


def sounds_of(
    folder: Path,
    voice: HummingVoice | None,
    recordings: Mapping[tuple[str, str], Recording] | None = None,
) -> PromptSounds:
    return PromptSounds(TEXTS, recordings or {}, voice, RenderedFiles(folder), slow_rate=75)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_prompt_is_rendered_once_and_kept(tmp_path: Path, voice: HummingVoice) -> None:
    with sounds_of(tmp_path, voice) as sounds:
        assert sounds.ready("ja", GREETING, slow=False) is None
        sound = sounds.sound("ja", GREETING, slow=False)
        assert sound
        assert sounds.sound("ja", GREETING, slow=False) == sound
        assert sounds.ready("ja", GREETING, slow=False) == sound
    with sounds_of(tmp_path, voice) as later:
        assert later.sound("ja", GREETING, slow=False) == sound
    assert voice.spoken == [(GREETING, 100)]
    (path,) = files(tmp_path)
    assert path.name.startswith("greeting-")
    assert path.parent.name == "ja"
    assert active_rms(read_wav(path)) == pytest.approx(TARGET_RMS, rel=0.05)


def test_slow_mode_has_a_sound_of_its_own(tmp_path: Path, voice: HummingVoice) -> None:
    with sounds_of(tmp_path, voice) as sounds:
        normal = sounds.sound("ja", GREETING, slow=False)
        slow = sounds.sound("ja", GREETING, slow=True)
    assert normal
    assert slow
    assert len(slow) == pytest.approx(len(normal) / 0.75, rel=0.01)
    assert voice.spoken == [(GREETING, 100), (GREETING, 75)]


def test_another_voice_says_it_anew(tmp_path: Path, voice: HummingVoice) -> None:
    for each in (voice, HummingVoice(edition="2")):
        with sounds_of(tmp_path, each) as sounds:
            assert sounds.sound("ja", GREETING, slow=False)
        assert len(each.spoken) == 1
    assert len(files(tmp_path)) == 2


def test_what_a_caller_said_is_never_kept(tmp_path: Path, voice: HummingVoice) -> None:
    with sounds_of(tmp_path, voice) as sounds:
        for _ in range(2):
            assert sounds.sound("ja", CONFIRM, slow=False)
        assert sounds.ready("ja", CONFIRM, slow=False) is None
        assert not any(CONFIRM in map(str, key) for key in vars(sounds)["_kept"])
    assert voice.spoken == [(CONFIRM, 100)] * 2
    assert files(tmp_path) == []


def test_half_a_file_is_rendered_again(tmp_path: Path, voice: HummingVoice) -> None:
    with sounds_of(tmp_path, voice) as sounds:
        sound = sounds.sound("ja", GREETING, slow=False)
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:30])
    with sounds_of(tmp_path, voice) as later:
        assert later.sound("ja", GREETING, slow=False) == sound
    assert read_wav(path).seconds > 0.4


def test_a_caller_does_not_wait_for_ever(tmp_path: Path, voice: HummingVoice) -> None:
    voice.hold()
    sounds = sounds_of(tmp_path, voice)
    assert sounds.sound("ja", CONFIRM, slow=False, wait_s=0.01) is None
    # The one behind it has not begun and never will.
    assert sounds.sound("ja", GREETING, slow=False, wait_s=0.01) is None
    voice.go_on()
    sounds.close()
    assert voice.spoken == [(CONFIRM, 100)]
    assert sounds.sound("ja", GREETING, slow=False) is None


def test_a_hoarse_voice_leaves_it_to_twilio(tmp_path: Path) -> None:
    with sounds_of(tmp_path, HummingVoice(broken=True)) as sounds:
        assert sounds.sound("ja", GREETING, slow=False) is None
        with pytest.raises(SpeakingError, match="hoarse"):
            sounds.render("ja", GREETING, slow=False)


def test_a_full_disk_silences_nobody(tmp_path: Path, voice: HummingVoice) -> None:
    (tmp_path / "ja").write_text("a file where the folder would be")
    with sounds_of(tmp_path, voice) as sounds:
        assert sounds.sound("ja", GREETING, slow=False)
        with pytest.raises(SpeakingError, match="cannot be written"):
            sounds.render("ja", GREETING, slow=False)
    assert [path.name for path in files(tmp_path)] == ["ja"]


def test_without_a_voice_twilio_speaks(tmp_path: Path) -> None:
    with sounds_of(tmp_path, None) as sounds:
        assert sounds.source("ja", GREETING) == "said"
        assert sounds.sound("ja", GREETING, slow=False) is None
        with pytest.raises(SpeakingError, match="no voice"):
            sounds.render("ja", GREETING, slow=False)


def test_recordings_come_first(tmp_path: Path, voice: HummingVoice) -> None:
    normal, slow = tmp_path / "greeting.wav", tmp_path / "greeting.slow.wav"
    write_wav(normal, hum(0.6, rms=900))
    write_wav(slow, hum(1.0, rms=900))
    with sounds_of(tmp_path, voice, {("ja", GREETING): Recording(normal, slow)}) as sounds:
        assert sounds.source("ja", GREETING) == "recorded"
        heard = sounds.sound("ja", GREETING, slow=False)
        slowly = sounds.sound("ja", GREETING, slow=True)
    assert heard is not None
    assert slowly is not None
    assert (len(heard), len(slowly)) == (4800, 8000)
    levels = [active_rms(type(hum(0.1))(decode_mulaw(sound))) for sound in (heard, slowly)]
    assert levels == pytest.approx([TARGET_RMS] * 2, rel=0.05)
    assert voice.spoken == []


def test_a_recording_is_slowed_down_if_nobody_spoke_slowly(tmp_path: Path) -> None:
    normal = tmp_path / "greeting.wav"
    write_wav(normal, hum(0.6))
    with sounds_of(tmp_path, None, {("ja", GREETING): Recording(normal, None)}) as sounds:
        slow = sounds.sound("ja", GREETING, slow=True)
    assert slow is not None
    assert len(slow) == 6400


def test_a_recording_in_another_language_than_the_call(tmp_path: Path) -> None:
    """The media server asks for words of Latin letters as English, as TwiML says them."""
    path = tmp_path / "english_offer.wav"
    write_wav(path, hum(0.5))
    with sounds_of(tmp_path, None, {("ja", OFFER): Recording(path, None)}) as sounds:
        audio: PromptAudio = sounds
        assert audio("english_offer", OFFER, "en", False) == audio(
            "english_offer", OFFER, "ja", False
        )
        assert audio("english_offer", OFFER, "en", False)


def test_settings_say_whether_there_is_a_voice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(readings: object) -> None:
        raise SpeakingError("the voice needs the package pyopenjtalk")

    monkeypatch.setattr(prompt_sounds.OpenJTalk, "__init__", lambda self, readings: missing(self))
    assert open_voice(Settings(rendered_voice="off"), tmp_path) is None
    assert open_voice(Settings(rendered_voice="auto"), tmp_path) is None
    with pytest.raises(SpeakingError, match="pyopenjtalk"):
        open_voice(Settings(rendered_voice="open_jtalk"), tmp_path)


def test_the_shipped_flow_has_sounds(
    tmp_path: Path, voice: HummingVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_sounds, "open_voice", lambda settings, folder: voice)
    settings = Settings(flows_dir=ROOT / "flows", grammars_dir=ROOT / "grammars", var_dir=tmp_path)
    flow = load_shipped_flow(settings)
    with open_prompt_sounds(settings, flow) as sounds:
        names = {text.name for text in sounds.texts if text.language == "ja"}
        assert {"greeting", "birthdate.2", "name_confirm"} <= names
        (greeting,) = [text for text in sounds.texts if text.name == "greeting"][:1]
        assert sounds("greeting", greeting.text, "ja", False)
    (path,) = files(tmp_path)
    assert path.parent == tmp_path / "prompts/verify/ja"
