"""policies/*.yaml: what may stand there, what lint finds, and that it is part of the flow."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_flow import WORDS, Workshop

from ivr.commands.lint import lint_paths
from ivr.errors import FilesError
from ivr.flow.loader import load_flow_sources, load_policy
from ivr.flow.policy import UNWRITTEN

FLOW = "flows/small/flow.yaml"
POLICY = "flows/policies/shop.yaml"

GOOD = """\
policy: shop
levels:
  matched: [[birthdate, name]]
  verified: [[birthdate, name, code_sms]]
actions:
  general: {level: none, words: {ja: ご案内, en: general}}
  account: {level: verified, step_up: ring, words: {ja: 口座, en: account}}
intents: {any: account, change: account}
measures:
  ring: {ja: かけ直す, en: ring back}
withhold:
  - {when: [relay_risk], actions: [account], step_up: ring}
risk:
  outside: [model]
  rules:
    withheld: {signal: number_withheld, points: 20}
    many: {signal: identities_day, at_least: 3, points: 40}
    night: {signal: hour, at_least: 0, at_most: 4, points: 10}
    odd: {signal: model, at_least: 80, points: 15}
  elevated: {points: 30, withhold: [account], step_up: ring}
  high: {points: 60}
  person: 50
"""


@pytest.fixture
def shop(workshop: Workshop) -> Workshop:
    """The small flow with a policy, and all that a caller has to show."""
    workshop.write(POLICY, GOOD)
    workshop.edit(
        FLOW,
        ("start: hello\n", "start: hello\npolicy: shop\n"),
        ("slots:\n", "slots:\n  name: {type: name, pii: true}\n"),
        ("    next: code\n", "    next: name\n"),
        ("      yes: birthdate\n", "      yes: {go: resume, intent: change}\n"),
        (
            "states:\n",
            "states:\n"
            "  resume:\n    kind: check\n    check: resume\n"
            "    on: {fresh: birthdate, resumed: code, person: to_agent}\n"
            "  name:\n    kind: collect\n    slot: name\n    prompt: birthdate\n"
            "    confirm: birthdate_confirm\n    next: identify\n"
            "  identify: {kind: check, check: identify, on: {done: send}}\n"
            "  send: {kind: check, check: send_code, on: {sent: code, limit: to_agent}}\n",
        ),
    )
    return workshop


def test_a_policy_is_loaded_with_its_flow_and_pinned(shop: Workshop) -> None:
    assert shop.problems() == []
    flow = shop.load()
    assert flow.policy.actions["account"].words["en"] == "account"
    assert load_flow_sources("small", flow.sources, WORDS) == flow
    shop.edit(POLICY, ("points: 20", "points: 21"))
    changed = shop.load()
    assert changed.digest != flow.digest
    assert load_flow_sources("small", flow.sources, WORDS).policy == flow.policy != changed.policy


def test_without_a_policy_nothing_is_said_of_actions(workshop: Workshop) -> None:
    assert workshop.load().policy is UNWRITTEN


def test_a_policy_that_is_missing_is_named_with_the_nearest(shop: Workshop) -> None:
    shop.edit(FLOW, ("policy: shop", "policy: shopp"))
    assert shop.problems() == [
        f"{FLOW}:4:9: flows/policies/shopp.yaml is missing (did you mean 'shop'?)"
    ]


def test_a_flow_without_its_policy_in_its_sources_does_not_load(shop: Workshop) -> None:
    sources = {k: v for k, v in shop.load().sources.items() if not k.startswith("policies/")}
    with pytest.raises(FilesError, match="the file is empty"):
        load_flow_sources("small", sources, WORDS)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("policy: shop", "policy: shed"), "1:9: must be 'shop', as the file is called"),
        (
            ("[birthdate, name, code_sms]", "[birthdate, name, code_smss]"),
            "4:32: unknown factor 'code_smss' (did you mean 'code_sms'?)",
        ),
        (
            ("[birthdate, name, code_sms]", "[birthdate, name, caller_number]"),
            "4:32: the caller's number can be forged: it is never a factor",
        ),
        (
            ("[[birthdate, name, code_sms]]", "[[birthdate, name]]"),
            "4:14: what a caller knows is never 'verified': add code_sms or code_voice",
        ),
        (
            ("[[birthdate, name, code_sms]]", "[[birthdate, name, code_email]]"),
            "4:14: a code by e-mail shows no possession and is never 'verified': add code_sms or"
            " code_voice",
        ),
        (
            ("[[birthdate, name, code_sms]]", "[[name, code_sms]]"),
            "4:14: 'verified' is about one customer: it takes birthdate too",
        ),
        (
            ("matched: [[birthdate, name]]", "matched: [[customer_number]]"),
            "3:13: 'matched' is about one customer: it takes birthdate and name too",
        ),
        (("level: verified", "level: sure"), "7:20: unknown value 'sure' (one of none, claimed, matched, verified)"),  # noqa: E501
        (("step_up: ring, words", "step_up: wring, words"), "7:39: unknown measure 'wring' (did you mean 'ring'?)"),  # noqa: E501
        ((", en: account}", "}"), "7:45: no words for the agent in 'en'"),
        (("ring: {ja: かけ直す, en: ring back}", "ring: {en: ring back}"), "10:3: no words for the agent in 'ja'"),  # noqa: E501
        (("any: account", "any: acount"), "8:16: unknown action 'acount' (did you mean 'account'?)"),  # noqa: E501
        (("{any: account, ", "{"), "8:1: calls that tell no intent have no rule: add 'any'"),
        (("[relay_risk]", "[relay_rsk]"), "12:13: unknown flag 'relay_rsk' (did you mean 'relay_risk'?)"),  # noqa: E501
        (("actions: [account]", "actions: [acount]"), "12:36: unknown action 'acount' (did you mean 'account'?)"),  # noqa: E501
        (("withhold: [account]", "withhold: [acount]"), "20:37: unknown action 'acount' (did you mean 'account'?)"),  # noqa: E501
        (("measures:\n", "measures:\n  none: {ja: な, en: n}\n"), "10:3: no action, rule or band names the measure 'none'"),  # noqa: E501
        (
            ("signal: identities_day", "signal: identity_day"),
            "17:20: unknown signal 'identity_day' (did you mean 'identities_day'?)",
        ),
        (
            ("signal: identities_day", "signal: voice"),
            "17:20: unknown signal 'voice'; one of another system is named in 'outside' first",
        ),
        (("[model]", "[model, hour]"), "14:20: 'hour' is a signal of our own: it needs another name"),  # noqa: E501
        (("[model]", "[model, other]"), "14:20: no rule asks for the outside signal 'other'"),
        (("at_least: 0, at_most: 4", "at_least: 5, at_most: 4"), "18:49: never holds: at least 5 is asked for as well"),  # noqa: E501
        (("high: {points: 60}", "high: {points: 86}"), "21:18: nobody comes to 86: all rules together give 85"),  # noqa: E501
        (("high: {points: 60}", "high: {points: 30}"), "21:18: must be more than the 30 of 'elevated'"),  # noqa: E501
        (
            ("at_least: 80, points: 15", "at_least: 80, points: 30"),
            "20:22: outside signals alone come to 30: they may never decide alone",
        ),
        (
            ("person: 50", "person: 71"),
            "22:11: nobody comes to 71: the rules about the caller's number and behaviour give 70"
            " together",
        ),
        (("points: 40", "points: 0"), "17:57: must be at least 1, not 0"),
        (("person: 50", "persn: 50"), "22:3: unknown key 'persn' (did you mean 'person'?)"),
    ],
)  # fmt: skip
def test_mistakes_in_a_policy(shop: Workshop, edit: tuple[str, str], expected: str) -> None:
    shop.edit(POLICY, edit)
    assert f"{POLICY}:{expected}" in shop.problems()


@pytest.mark.parametrize(
    ("file", "edit", "expected"),
    [
        (
            POLICY,
            (", change: account", ", chnage: account"),
            f"{FLOW}:46:33: the policy {POLICY} has no rule for the intent 'change' (did you mean"
            " 'chnage'?)",
        ),
        (
            POLICY,
            ("[[birthdate, name, code_sms]]", "[[birthdate, name, code_sms, customer_number]]"),
            f"{POLICY}:4:3: nobody can reach 'verified' in the flow 'small', which never has"
            " customer_number",
        ),
        (
            POLICY,
            ("level: verified,", "level: verified, needs: [phone_number],"),
            f"{POLICY}:7:38: nobody can be allowed 'account' in the flow 'small', which never has"
            " phone_number",
        ),
        (
            POLICY,
            ("  person: 50\n", ""),
            f"{FLOW}:28:43: never happens: {POLICY} has no 'person' under 'risk'",
        ),
        (
            FLOW,
            (", person: to_agent}", "}"),
            f"{POLICY}:22:11: the flow 'small' has no way to a person for these calls: add"
            " 'person' to 'on' of a check 'resume'",
        ),
        (
            FLOW,
            ("person: to_agent}", "persn: to_agent}"),
            f"{FLOW}:28:43: check 'resume' never ends in 'persn' (did you mean 'person'?)",
        ),
    ],
)
def test_a_policy_and_its_flow_fit(
    shop: Workshop, file: str, edit: tuple[str, str], expected: str
) -> None:
    shop.edit(file, edit)
    assert expected in shop.problems()


def test_every_file_of_a_flow_is_linted_with_its_policy(shop: Workshop) -> None:
    shop.edit(POLICY, ("[relay_risk]", "[relay_rsk]"))
    found = lint_paths(
        [Path(POLICY)], flows_dir=Path("flows"), grammars_dir=Path("grammars"), words=WORDS
    )
    assert [f"{p.path}:{p.line}" for p in found] == [f"{POLICY}:12"]
    with pytest.raises(FilesError, match="unknown flag"):
        load_policy(Path(POLICY))


def test_a_policy_alone_is_checked_too(shop: Workshop) -> None:
    shop.write("flows/policies/other.yaml", GOOD)
    found = lint_paths(
        [Path("flows")], flows_dir=Path("flows"), grammars_dir=Path("grammars"), words=WORDS
    )
    assert [(p.path, p.message) for p in found] == [
        ("flows/policies/other.yaml", "must be 'other', as the file is called")
    ]
