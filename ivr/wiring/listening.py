"""Hearing and understanding put together, as the settings say: models, and what is listened for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import ivr.hearing
from ivr.clock import JAPAN, Clock
from ivr.errors import FilesError, HearingError, SettingsError
from ivr.flow.grammars import read_grammar
from ivr.flow.suggestion import did_you_mean, shown
from ivr.hearing.grammar import GrammarCompiler
from ivr.hearing.model import SpeechModel, load_model
from ivr.hearing.model_files import ModelFiles
from ivr.hearing.model_store import ModelStore
from ivr.hearing.vocabulary import Piece, Speller
from ivr.identity.listened_names import NamePool
from ivr.settings import Settings
from ivr.telephony.media.ears import Calibrated
from ivr.understanding import slots
from ivr.understanding.calibration import Calibration, Evidence, evidence_of
from ivr.understanding.grammar import Grammar
from ivr.understanding.ja import name_dictionary, pronunciation
from ivr.understanding.phrases import meaning
from ivr.understanding.slot_types import SLOT_TYPES
from ivr.understanding.value import Hypothesis, Understood

#: Names that look-alikes and decoys are drawn from, of each part.
_POOL = 6000
_LEAST_POOL = 500
#: Where the rehearsal models lie that come with the program, by language.
SHIPPED = Path(ivr.hearing.__file__).parent / "rehearsal_model"


def model_folder(settings: Settings, language: str) -> Path | None:
    """Where the model for a language is, if there is any: what the settings name; otherwise one
    that was fetched, before which a rehearsal takes the one that comes with the program, because
    its callers have those voices.

    Raises:
        HearingError: several were fetched.
    """
    named = {str(key): path for key, path in settings.speech_models.items()}.get(language)
    if named is not None:
        return named
    shipped = path if (path := SHIPPED / language).is_dir() else None
    if settings.mode == "rehearsal" and shipped is not None:
        return shipped
    return ModelStore(settings.models_folder).model(language) or shipped


def open_model(settings: Settings, language: str) -> SpeechModel:
    """The model in :func:`model_folder`.

    Raises:
        HearingError: there is none, or it cannot be used.
        SettingsError: it is for rehearsals, and this is a production.
    """
    path = model_folder(settings, language)
    if path is None:
        raise HearingError(
            f"there is no speech model for {language!r}",
            hint=f"'ivr models pull {language}', or name its folder in IVR_SPEECH_MODELS",
        )
    model = load_model(path)
    check_allowed(model.files, settings, language)
    return model


def check_allowed(files: ModelFiles, settings: Settings, language: str) -> None:
    """
    Raises:
        SettingsError: the model is for rehearsals, and this is a production.
    """
    if files.rehearsal and settings.mode != "rehearsal" and not settings.rehearsal_model_allowed:
        raise SettingsError(
            f"the speech model in {files.path} is for rehearsals: it has heard no real caller",
            hint=f"'ivr models pull {language}', or name another in IVR_SPEECH_MODELS, or set"
            " IVR_REHEARSAL_MODEL_ALLOWED=true",
        )


def compiler_for(model: SpeechModel, language: str) -> GrammarCompiler:
    """Compiles phrases of a language (``ja``, ``en``) for a model."""
    return GrammarCompiler(Speller(model, pronunciation.ways if language == "ja" else _words))


def _words(text: str) -> Sequence[Sequence[Piece]]:
    """English is written as it is heard."""
    return ([(word, "") for word in text.split()],)


def grammar_named(settings: Settings, name: str, language: str) -> Grammar:
    """The grammar ``name`` of the settings' folder.

    Raises:
        HearingError: there is none of that name.
        FilesError: it has problems.
    """
    folder = settings.grammars_dir / language
    known = sorted(
        path.stem for path in folder.glob("*.yaml") if not path.stem.endswith(".samples")
    )
    if name not in known:
        raise HearingError(
            f"there is no grammar {shown(name)} in {folder}{did_you_mean(name, known)}",
            hint=f"those there are: {', '.join(known) or 'none'}",
        )
    reading = read_grammar(folder / f"{name}.yaml")
    if reading.grammar is None or reading.problems:
        raise FilesError(reading.problems)
    return reading.grammar


def understand(
    grammar: Grammar, heard: Sequence[Hypothesis], *, language: str, today: date
) -> Understood:
    """What ``heard``, best first, means to a grammar: a value of the slot it is called after, or
    one of its meanings."""
    if grammar.name in SLOT_TYPES:
        return slots.parse(grammar.name, heard, language=language, today=today)
    meant = meaning(grammar, heard, language=language)
    if meant is None:
        return Understood("unclear", None, 0.0, "no_meaning")
    return Understood("ok", meant, heard[0].confidence or 0.0)


def evidence_for(
    grammar: Grammar,
    heard: Sequence[Hypothesis],
    understood: Understood,
    *,
    language: str,
    today: date,
) -> Evidence:
    """How much speaks for what was understood of ``heard``."""
    meant = [
        (understand(grammar, [each], language=language, today=today).value, each.confidence or 0.0)
        for each in heard
    ]
    return evidence_of(understood.value, meant, clear=understood.status == "ok")


def read_calibration(settings: Settings) -> Calibration | None:
    """The calibration that ``settings`` name, if any.

    Raises:
        SettingsError: its file cannot be read, or is none.
    """
    if not settings.calibration:
        return None
    try:
        return Calibration.from_json(Path(settings.calibration).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read [{type(error).__name__}]"
    except ValueError as error:
        reason = str(error)
    raise SettingsError(f"IVR_CALIBRATION: {settings.calibration} {reason}", hint="ivr calibrate")


def calibrated(settings: Settings, clock: Clock) -> Calibrated | None:
    """What makes probabilities of the confidences in a call, as the calibration says that
    ``settings`` name; None where they name none.

    Raises:
        SettingsError: see :func:`read_calibration`.
    """
    calibration = read_calibration(settings)
    if calibration is None:
        return None

    def apply(
        language: str, grammars: Sequence[Grammar], heard: tuple[Hypothesis, ...]
    ) -> tuple[Hypothesis, ...]:
        """The hypotheses that mean what is understood, as sure as that is."""
        today = clock.now().astimezone(JAPAN).date()

        def meant(by: Grammar, hypotheses: Sequence[Hypothesis]) -> Understood:
            return understand(by, hypotheses, language=language, today=today)

        for grammar in grammars if heard else ():
            understood = meant(grammar, heard)
            if understood.value is None:
                continue
            evidence = evidence_for(grammar, heard, understood, language=language, today=today)
            sure = calibration.probability(grammar.name, evidence)
            return tuple(
                replace(each, confidence=sure)
                if meant(grammar, [each]).value == understood.value
                else each
                for each in heard
            )
        return heard

    return apply


def phrases_of(grammar: Grammar) -> list[str]:
    """All that is listened for in a grammar: its phrases, fragments, fillers and patterns."""
    said: Iterable[str] = (
        phrase
        for part in (grammar.meanings, grammar.contains)
        for phrases in part.values()
        for phrase in phrases
    )
    return list(dict.fromkeys((*said, *grammar.fillers, *grammar.spoken)))


def name_pool(compiler: GrammarCompiler) -> NamePool:
    """The most common names that a model knows as words: one that would have to be spelt brings
    its morae into a closed list, and with them every other name.

    Raises:
        HearingError: the model knows too few; those whose words are kanji know none.
    """
    names = name_dictionary.load()
    surnames, givens = (
        [
            sound
            for sound in names.common(part, _POOL)
            if "ーー" not in sound and compiler.has_word(sound)
        ]
        for part in ("surname", "given")
    )
    if min(len(surnames), len(givens)) < _LEAST_POOL:
        raise HearingError(
            f"the model knows {len(surnames)} surnames and {len(givens)} given names by their"
            f" reading, and {_LEAST_POOL} of each are needed to hear names against candidates",
            hint="use a model whose words are readings",
        )
    return NamePool(surnames, givens)
