"""Calls over Twilio Media Streams: the media process."""
