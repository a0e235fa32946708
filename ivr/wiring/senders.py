"""The ways of sending a code that the settings name."""

from __future__ import annotations

from ivr.clock import Clock
from ivr.errors import SettingsError
from ivr.identity.ports import Channel, CodeSender
from ivr.settings import Settings
from ivr.telephony.senders.outbox import LocalOutbox
from ivr.telephony.senders.smtp import SmtpSender
from ivr.telephony.senders.twilio_messaging import TwilioMessaging
from ivr.telephony.senders.twilio_verify import TwilioVerify
from ivr.telephony.senders.twilio_voice import TwilioVoice

CHANNELS: tuple[Channel, ...] = ("sms", "voice", "email")


def make_senders(settings: Settings, clock: Clock) -> dict[Channel, CodeSender]:
    """One sender for each channel that is not off."""
    kinds = dict(
        zip(
            CHANNELS,
            (settings.sms_sender, settings.voice_sender, settings.email_sender),
            strict=True,
        )
    )
    return {
        channel: _sender(channel, kind, settings, clock)
        for channel, kind in kinds.items()
        if kind != "off"
    }


def _sender(channel: Channel, kind: str, settings: Settings, clock: Clock) -> CodeSender:
    match kind, channel:
        case "outbox", _:
            return LocalOutbox(settings.var_dir / "outbox.jsonl", clock)
        case "twilio", "sms":
            return TwilioMessaging(
                settings.twilio_account_sid,
                settings.twilio_auth_token.get_secret_value(),
                from_number=settings.twilio_number,
                validity_s=settings.code_minutes * 60,
                timeout_s=settings.provider_timeout_s,
            )
        case "twilio", "voice":
            return TwilioVoice(
                settings.twilio_account_sid,
                settings.twilio_auth_token.get_secret_value(),
                from_number=settings.twilio_number,
                voices={"ja": settings.voice_ja, "en": settings.voice_en},
                rate=settings.slow_rate,
                timeout_s=settings.provider_timeout_s,
            )
        case "verify", "sms" | "voice" if not settings.twilio_verify_service:
            raise SettingsError(
                f"IVR_{channel.upper()}_SENDER=verify: IVR_TWILIO_VERIFY_SERVICE is missing"
            )
        case "verify", "sms" | "voice":
            return TwilioVerify(
                settings.twilio_account_sid,
                settings.twilio_auth_token.get_secret_value(),
                service_sid=settings.twilio_verify_service,
                template_sid=settings.twilio_verify_template,
                timeout_s=settings.provider_timeout_s,
            )
        case "smtp", "email":
            return SmtpSender(
                settings.smtp_host,
                settings.smtp_port,
                sender=settings.smtp_from,
                clock=clock,
                user=settings.smtp_user,
                password=settings.smtp_password.get_secret_value(),
                starttls=settings.smtp_starttls,
                timeout_s=settings.provider_timeout_s,
            )
        case _:
            raise SettingsError(
                f"IVR_{channel.upper()}_SENDER={kind}: this way cannot carry {channel}"
            )
