"""Typed settings, read from the environment (``IVR_…``) and an optional env file.

Every setting is documented in ``docs/settings.md``; a test keeps that page complete.
Secrets come only from here: the environment, or the file that ``IVR_ENV_FILE`` names.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError as MalformedJson

from ivr.errors import SettingsError
from ivr.setting_sources import PREFIX, OurVariables, unknown_in
from ivr.setting_values import (
    Address,
    OptionalE164,
    PhonePrefixes,
    ResultReader,
    Sender,
    Way,
    is_example,
    is_loopback,
    like,
    sid,
)


class Settings(BaseSettings):
    """All settings with their defaults; :meth:`production_problems` names those that a
    deployment has to give."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    #: ``rehearsal`` makes its own keys and writes codes to a file; ``production`` refuses both.
    mode: Literal["rehearsal", "production"] = "rehearsal"
    #: Where a rehearsal keeps its database, keys and outbox.
    var_dir: Path = Path("var")

    # --- where we are reached -------------------------------------------------------------
    #: The one public base URL that Twilio calls; signatures are checked against it.
    public_url: str = "http://127.0.0.1:8080"
    #: Address and port the web process listens on.
    bind: str = "127.0.0.1:8080"
    #: Seconds that the web process and the media process each have to start.
    start_limit_s: float = Field(default=120.0, ge=1, le=3600)
    #: Threads of the web process; a call occupies one only while a webhook is answered.
    threads: int = Field(default=8, ge=1, le=256)

    # --- what is said ---------------------------------------------------------------------
    flows_dir: Path = Path("flows")
    grammars_dir: Path = Path("grammars")
    #: The flow that answers calls: a folder of ``flows_dir``.
    flow: str = "verify"
    company_ja: str = "つばめ銀行"
    company_en: str = "Tsubame Bank"
    hours_ja: str = "平日の午前九時から午後五時まで"
    hours_en: str = "nine a.m. to five p.m. on weekdays"
    #: The company's own number, spoken and written where callers are told whom to phone.
    callback_number: str = "0120-000-000"
    voice_ja: str = "Polly.Kazuha-Neural"
    voice_en: str = "Polly.Joanna-Neural"
    #: Speaking rate of slow mode, per cent of normal.
    slow_rate: int = Field(default=75, ge=50, le=100)
    #: Who reads prompts that nobody recorded: Open JTalk (``auto``: if it is installed), or no
    #: voice of ours, and Twilio says them.
    rendered_voice: Literal["auto", "open_jtalk", "off"] = "auto"
    #: Folder of rendered prompts; empty: ``prompts`` in ``var_dir``.
    rendered_prompts: str = ""

    # --- hearing --------------------------------------------------------------------------
    #: Ways of taking answers, best first: a call begins with the first that is possible and goes
    #: down one when it fails; below the last is a person.
    hearing: Annotated[tuple[Way, ...], NoDecode] = ("twilio", "keys")
    #: Address and port the media process listens on.
    media_bind: str = "127.0.0.1:8081"
    #: Calls that the media process hears at once.
    media_calls: int = Field(default=20, ge=1, le=1000)
    #: Language (ja, en) -> folder of its Vosk model, as JSON; otherwise one that was fetched, or
    #: for ja in a rehearsal one of ours.
    speech_models: dict[Literal["ja", "en"], Path] = {}
    #: Where ``ivr models pull`` puts models, and where they are found; empty: in ``var_dir``.
    speech_models_dir: str = ""
    #: Let production use a model that has only heard made-up voices.
    rehearsal_model_allowed: bool = False
    #: Keep what callers say in media streams, encrypted, where they allow it in the call.
    keep_audio: bool = False
    #: File written by ``ivr calibrate``; empty: confidences stay as recognisers give them.
    calibration: str = ""

    # --- Twilio ---------------------------------------------------------------------------
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    #: Shared key of the SHA-256 webhook signature scheme; empty: the auth token is the key.
    twilio_webhook_key: SecretStr = SecretStr("")
    #: The number codes are sent from and agents are called from (E.164).
    twilio_number: OptionalE164 = ""
    #: Check webhook signatures. May be off only while listening on loopback.
    check_signatures: bool = True

    # --- people ---------------------------------------------------------------------------
    #: Logical destination -> phone numbers (E.164), SIP addresses or a workflow, as JSON.
    destinations: dict[str, tuple[Address, ...]] = {}
    #: Who answers when all else fails (E.164).
    fallback_number: OptionalE164 = ""
    #: Sound that callers in a queue hear between words, an ``https`` URL; empty: a pause.
    wait_music: Annotated[str, like("https://[!-~]+", "must be an https:// address")] = ""
    #: Activity that a TaskRouter worker has after a call; empty: the one before.
    after_work_activity: Annotated[str, sid("WA")] = ""
    #: Seconds an agent's phone rings.
    ring_s: int = Field(default=20, ge=5, le=120)

    #: Callers who may wait to be called back at once; 0: nobody is promised it.
    callbacks: int = Field(default=0, ge=0, le=1000)
    #: Call-backs that callers from one number are promised in a day, whatever numbers they name.
    callbacks_per_caller: int = Field(default=3, ge=1, le=100)
    #: Call-backs that all callers who withhold their number are promised in a day, together.
    callbacks_withheld: int = Field(default=5, ge=0, le=1000)
    #: Days after which the number of a caller who was not called back is forgotten.
    callback_days: int = Field(default=3, ge=1, le=31)

    # --- records --------------------------------------------------------------------------
    #: SQLAlchemy URL; empty: an SQLite file in ``var_dir``.
    database_url: SecretStr = SecretStr("")
    #: Seconds to wait for a locked database before the caller is asked to hold.
    database_wait_s: float = Field(default=4.0, ge=0.1, le=10)
    #: 32 bytes, base64: wraps the data keys that encrypt personal data at rest.
    field_key: SecretStr = SecretStr("")
    #: The field key that ``field_key`` replaces, until `ivr keys rewrap` has run.
    field_key_before: SecretStr = SecretStr("")
    #: ``module:function`` that makes another wrapper of data keys (a KMS), given the settings.
    key_wrapper: str = ""
    #: 32 bytes, base64: keys the blind indexes.
    index_key: SecretStr = SecretStr("")
    #: Days that `ivr purge` leaves calls, with their turns, checks and results.
    keep_calls_days: int = Field(default=90, ge=1, le=3650)
    #: Days that sound of callers is kept, where any is; it never outlives its call.
    keep_audio_days: int = Field(default=30, ge=1, le=365)
    #: Days that it leaves attempts to prove who calls, with their codes.
    keep_verifications_days: int = Field(default=90, ge=1, le=3650)
    #: Days that it leaves counts of failures and of codes sent.
    keep_counters_days: int = Field(default=30, ge=2, le=3650)
    #: Days that it leaves incidents after they were closed.
    keep_incidents_days: int = Field(default=1095, ge=30, le=36500)
    #: Days that it leaves rows of the audit.
    keep_audit_days: int = Field(default=1095, ge=30, le=36500)

    # --- customers ------------------------------------------------------------------------
    #: Where customers are registered: our own table, a table of the company's, or its web service.
    directory: Literal["records", "table", "crm"] = "records"
    #: SQLAlchemy URL of the company's database, or URL of its CRM.
    directory_url: SecretStr = SecretStr("")
    #: File (YAML) that says which columns of the company's table hold what.
    directory_file: str = ""
    #: Bearer key that the CRM is asked with.
    directory_key: SecretStr = SecretStr("")
    #: Seconds that each look-up in the company's system takes; a later answer does not count.
    directory_seconds: float = Field(default=1.0, ge=0.1, le=5)

    # --- codes ----------------------------------------------------------------------------
    sms_sender: Sender = "outbox"
    voice_sender: Sender = "outbox"
    email_sender: Sender = "outbox"
    #: The Verify service (``VA…``) of senders that are ``verify``.
    twilio_verify_service: Annotated[str, sid("VA")] = ""
    #: Its message template (``HJ…``); empty: the service's own.
    twilio_verify_template: Annotated[str, sid("HJ")] = ""
    code_minutes: int = Field(default=10, ge=1, le=10)
    #: Wrong codes allowed per verification before a person takes over.
    code_attempts: int = Field(default=3, ge=1, le=5)
    #: Codes sent per verification, resends and other channels included.
    code_sends: int = Field(default=3, ge=1, le=5)
    #: Failures per claimed identity or customer in a day before its checks become decoys.
    lockout_failures: int = Field(default=10, ge=3, le=50)
    #: Wrong codes in a row, over whatever time, before a customer's checks become decoys.
    lockout_in_a_row: int = Field(default=100, ge=10, le=100)
    #: Codes per customer and day.
    customer_sends_per_day: int = Field(default=6, ge=1, le=50)
    #: Codes per number prefix (first six digits) and day.
    prefix_sends_per_day: int = Field(default=500, ge=1, le=100_000)
    #: Codes in all per day.
    sends_per_day: int = Field(default=20_000, ge=1, le=10_000_000)
    #: How phones begin that codes go to, with commas between; empty: any country.
    phone_prefixes: PhonePrefixes = "+81"
    #: Codes sent within an hour by one channel before the share that is entered is looked at.
    breaker_sends: int = Field(default=50, ge=5, le=100_000)
    #: Per cent of those that must be entered, or the channel is not used for a while; 0: no rule.
    breaker_percent: int = Field(default=20, ge=0, le=90)
    #: Days after a contact changed during which the result says so.
    contact_changed_days: int = Field(default=30, ge=0, le=365)
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = ""
    smtp_starttls: bool = True
    #: Seconds before a provider's silence counts as a failure.
    provider_timeout_s: float = Field(default=6.0, ge=0.1, le=30)

    # --- checks ---------------------------------------------------------------------------
    #: Milliseconds a webhook waits for a running check before it answers with a filler.
    check_wait_ms: int = Field(default=1500, ge=0, le=8000)
    #: Seconds after which a check that never ended is given up.
    check_deadline_s: int = Field(default=12, ge=2, le=60)
    #: Threads that perform checks. Sending a code holds one for a second, on purpose.
    check_threads: int = Field(default=16, ge=1, le=64)
    #: Other systems that add signals of risk: ``module:function`` of each, with commas between.
    signal_sources: str = ""
    #: Milliseconds that all of them together have for their answers.
    signal_timeout_ms: int = Field(default=300, ge=10, le=3000)

    # --- results --------------------------------------------------------------------------
    #: Ed25519 private key as a JWK (JSON) that signs results.
    signing_key: SecretStr = SecretStr("")
    #: Public URL naming us in results; empty: ``public_url``.
    issuer: str = ""
    #: Who may rely on results.
    audience: str = "agents"
    #: Logical destination -> who may rely on results for it, as JSON; otherwise ``audience``.
    audiences: dict[str, str] = {}
    result_minutes: int = Field(default=30, ge=1, le=240)
    #: Bearer keys of systems that may fetch results: name -> key, as JSON.
    result_keys: dict[str, SecretStr] = {}
    #: What those systems may do, as JSON: name -> :class:`ResultReader`.
    result_readers: dict[str, ResultReader] = {}
    #: Results that one system may ask for in a minute, over all processes; and as many labels.
    result_reads_per_minute: int = Field(default=120, ge=1, le=10_000)
    #: Bearer key for ``/metrics``; empty: loopback only.
    metrics_key: SecretStr = SecretStr("")

    # --- CRMs -----------------------------------------------------------------------------
    #: Systems that are told of each result, as JSON: name -> URL.
    crm_webhooks: dict[str, str] = {}
    #: What those webhooks are signed with, as JSON: name -> secrets, separated by spaces.
    crm_secrets: dict[str, SecretStr] = {}
    #: Private networks in which CRMs may be, with commas between; otherwise only public addresses.
    crm_networks: str = ""
    #: Seconds a CRM has to be connected to, and once more to answer.
    crm_timeout_s: float = Field(default=10.0, ge=0.1, le=30)

    # --- logs -----------------------------------------------------------------------------
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("public_url")
    @classmethod
    def _base_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query:
            raise ValueError("must look like https://voice.example.co.jp")
        return value.rstrip("/")

    @field_validator("hearing", mode="before")
    @classmethod
    def _ways(cls, value: object) -> object:
        named = value.split(",") if isinstance(value, str) else value
        if not isinstance(named, list | tuple):
            return value
        ways = tuple(str(each).strip() for each in named)
        if not ways or not set(ways) <= set(get_args(Way)) or len(set(ways)) < len(ways):
            raise ValueError("must be some of vosk, twilio, keys, each once, with commas between")
        if "keys" in ways[:-1]:
            raise ValueError("keys must come last: nothing is left to try after a keypad")
        return ways

    @field_validator("bind", "media_bind")
    @classmethod
    def _address(cls, value: str) -> str:
        found = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]*):([0-9]{1,5})", value)
        if found is None or int(found[1]) > 65535:
            raise ValueError("must be an address and a port, like 127.0.0.1:8080")
        return value

    @property
    def listens_on_loopback(self) -> bool:
        """Whether only this machine can reach the web process."""
        return is_loopback(self.bind)

    @property
    def media_listens_on_loopback(self) -> bool:
        """Whether only this machine can reach the media process."""
        return is_loopback(self.media_bind)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        given = self.database_url.get_secret_value()
        return given or f"sqlite:///{(self.var_dir / 'honnin.sqlite3').as_posix()}"

    @property
    def models_folder(self) -> Path:
        """Where fetched speech models are."""
        return Path(self.speech_models_dir) if self.speech_models_dir else self.var_dir / "models"

    @property
    def rendered_folder(self) -> Path:
        """The folder of rendered prompts in force."""
        return Path(self.rendered_prompts) if self.rendered_prompts else self.var_dir / "prompts"

    def production_problems(self) -> list[str]:
        """What keeps these settings from answering real callers; empty when nothing does."""
        needed = {
            "IVR_TWILIO_ACCOUNT_SID": self.twilio_account_sid,
            "IVR_TWILIO_AUTH_TOKEN": self.twilio_auth_token.get_secret_value(),
            "IVR_TWILIO_NUMBER": self.twilio_number,
            "IVR_FALLBACK_NUMBER": self.fallback_number,
            "IVR_FIELD_KEY": self.field_key.get_secret_value() or self.key_wrapper,
            "IVR_INDEX_KEY": self.index_key.get_secret_value(),
            "IVR_SIGNING_KEY": self.signing_key.get_secret_value(),
            "IVR_DATABASE_URL": self.database_url.get_secret_value(),
        }
        problems = [f"{name} is missing" for name, value in needed.items() if not value]
        left = [f"IVR_{name.upper()}" for name, value in self if is_example(value)]
        problems += [f"{name} is still the example's: put your own in" for name in left]
        if not self.public_url.startswith("https://"):
            problems.append("IVR_PUBLIC_URL must begin with https://")
        if not self.check_signatures:
            problems.append("IVR_CHECK_SIGNATURES must not be off")
        senders = {"sms": self.sms_sender, "voice": self.voice_sender, "email": self.email_sender}
        problems += [
            f"IVR_{channel.upper()}_SENDER=outbox writes codes to a file and is for rehearsals"
            for channel, sender in senders.items()
            if sender == "outbox"
        ]
        if "verify" in senders.values() and not self.twilio_verify_service:
            problems.append("IVR_TWILIO_VERIFY_SERVICE is needed to send codes by Twilio Verify")
        if "smtp" in senders.values() and not (self.smtp_host and self.smtp_from):
            problems.append("IVR_SMTP_HOST and IVR_SMTP_FROM are needed to send e-mail")
        return problems

    def words(self) -> dict[str, dict[str, str]]:
        """What fills the placeholders of prompts, by language."""
        return {
            "ja": {
                "company": self.company_ja,
                "hours": self.hours_ja,
                "callback_number": self.callback_number,
            },
            "en": {
                "company": self.company_en,
                "hours": self.hours_en,
                "callback_number": self.callback_number,
            },
        }

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was given, before the environment, before the env file (the library's hook)."""
        return init_settings, OurVariables(settings_cls), dotenv_settings


def load_settings(**overrides: object) -> Settings:
    """Read the environment and the env file; ``overrides`` win over both.

    Raises:
        SettingsError: naming every setting that is wrong, never its value.
    """
    env_file = os.environ.get("IVR_ENV_FILE") or None
    if env_file and not Path(env_file).is_file():
        raise SettingsError(f"IVR_ENV_FILE names no file: {env_file}")
    try:
        unknown = unknown_in(env_file, Settings) if env_file else []
        if unknown:
            raise SettingsError(f"{env_file} names no settings:\n  " + "\n  ".join(unknown))
        return Settings(_env_file=env_file, **overrides)  # type: ignore[call-arg,arg-type]
    except ValidationError as error:
        lines = [
            f"IVR_{'_'.join(str(part) for part in item['loc']).upper()}: "
            + item["msg"].removeprefix("Value error, ")
            for item in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("settings are wrong:\n  " + "\n  ".join(lines)) from None
    except MalformedJson as error:
        # The library's message names the field in quotes; its cause would quote the value.
        name = str(error).partition('"')[2].partition('"')[0].upper()
        raise SettingsError(f"settings are wrong:\n  IVR_{name}: must be JSON") from None
    except UnicodeDecodeError:
        raise SettingsError(f"IVR_ENV_FILE is not UTF-8 text: {env_file}") from None
