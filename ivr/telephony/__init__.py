"""Twilio: webhooks, TwiML, signatures, messages, transfers."""
