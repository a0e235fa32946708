"""Results are counted as they come: in the process that made them, once each."""

from __future__ import annotations

from phone_rig import Office


def _metrics(office: Office) -> str:
    return office.client.get("/metrics").get_data(as_text=True)


def test_a_result_is_counted_with_its_level_and_flags(office: Office) -> None:
    phone = office.call().ask_for_code()
    assert "ivr_results_total{" not in _metrics(office)
    phone.press(office.sms.last_code)
    assert phone.level == "verified"
    text = _metrics(office)
    assert 'ivr_results_total{level="verified",policy="bank",risk="low"} 1.0' in text
    assert 'ivr_risk_points_count{policy="bank"} 1.0' in text
    elsewhere = office.call("").ask_for_code()
    elsewhere.press(office.sms.last_code)
    text = _metrics(office)
    assert 'ivr_results_total{level="verified",policy="bank",risk="low"} 2.0' in text
    assert 'ivr_result_flags_total{flag="relay_risk"} 1.0' in text
    assert 'ivr_risk_reasons_total{policy="bank",rule="withheld_number"} 1.0' in text
