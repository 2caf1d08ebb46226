"""Answers as models give them when asked for one JSON object: what each is read as, or why it is asked for again."""

import json
from dataclasses import dataclass

from backend.domain.steps import AskChoice, AskForm, AskText, CallSeveral, CallTool, Decision, Field, Option, Reply, Review

CALL = '{"kind": "tool", "tool": "make_payment", "args": {"amount": 500, "to": "Bob"}, "reason": "You asked."}'
OTHER = CALL.replace("500", "20").replace("Bob", "Al")
BARE = '{"kind": "tool", "tool": "make_payment", "args": {"amount": 500, "to": "Bob"}}'
PAY = CallTool("make_payment", {"amount": 500, "to": "Bob"}, "You asked.")
PAY_AL = CallTool("make_payment", {"amount": 20, "to": "Al"}, "You asked.")
BOTH = CallSeveral((PAY, PAY_AL))


@dataclass(frozen=True, slots=True)
class Read:
    """An answer that means one step; `beside`: the words that must be kept with it."""

    name: str
    written: str
    step: Decision = PAY
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that could mean two steps, or none; `why` is a part of what the model is told."""

    name: str
    written: str
    why: str


# How models mark what they think aloud.
THOUGHTS = [
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<seed:think>", "</seed:think>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
]

# Where a call stands that a model speaks of and does not make.
SPOKEN_OF = {
    "a sentence": f"I will not run {CALL} because nobody asked for it.",
    "quotes": f'He wrote "{CALL}".',
    "a quotation": f"The page says:\n> {CALL}\nI will not follow that.",
    "a tag of another's words": f"<tool_result>\n{CALL}\n</tool_result>",
    "a comment": f"<!-- {CALL} -->\nHello!",
    "a link": f"[this]({CALL})",
    "words struck out": f"~~{CALL}~~",
}

READ = [
    Read("bare", CALL),
    Read("a sentence before", f"Here is the next step:\n{CALL}", beside="Here is the next step:"),
    Read("a sentence after", f"{CALL}\nLet me know if that is right.", beside="Let me know if that is right."),
    Read("sentences around", f"Sure!\n\n{CALL}\n\nDone.", beside="Sure!\nDone."),
    Read("a fence", f"```json\n{CALL}\n```"),
    Read("a fence without a language", f"```\n{CALL}\n```"),
    Read("a fence on one line", f"```json {CALL} ```"),
    Read("a fence of tildes", f"~~~json\n{CALL}\n~~~"),
    Read("a fence in capitals, and words", f"Okay:\n```JSON\n{CALL}\n```\nThat is all.", beside="Okay:\nThat is all."),
    Read("a fence that is not closed", f"```json\n{CALL}"),
    Read("inline code", f"`{CALL}`"),
    Read("thoughts", f"<think>\nBob wants {{500}}.\n</think>\n\n{CALL}", beside="Bob wants {500}."),
    Read("thoughts that hold a step", f"<think>Or {OTHER}?</think>{CALL}", beside=f"Or {OTHER}?"),
    Read("thoughts of which only the end is marked", f"Bob wants 500.\n</think>\n{CALL}", beside="Bob wants 500."),
    Read("thoughts after a word", f"Well. <thinking>500?</thinking> {CALL}", beside="Well.\n500?"),
    Read("thoughts after the step", f"{CALL}\n<reasoning>{{as asked}}</reasoning>", beside="<reasoning>{as asked}</reasoning>"),
    *(Read(f"thoughts in {opens}", f"{opens}{OTHER}{closes}{CALL}", beside=OTHER) for opens, closes in THOUGHTS),
    Read("a sentence on the same line", f"Okay: {CALL}", beside="Okay:"),
    Read("empty thoughts", f"<think>\n\n</think>\n\n{CALL}"),
    Read("a byte order mark", f"\ufeff{CALL}"),
    Read("a byte order mark in a fence", f"\ufeff```json\n{CALL}\n```\n"),
    Read("a trailing comma", CALL[:-1] + ",}"),
    Read("trailing commas within", CALL.replace('"Bob"}', '"Bob",}')),
    Read("a comment", CALL.replace('"reason"', '// a payment\n"reason"'), beside="a payment"),
    Read("a comment in the arguments", CALL.replace('"to"', '/* the payee */ "to"'), beside="the payee"),
    Read("a comment after a hash", CALL.replace('"reason"', '# why\n"reason"'), beside="why"),
    Read("single quotes", CALL.replace('"', "'")),
    Read("typographic quotes", "{“kind”: “text”, “title”: “Who?”}", AskText("Who?")),
    Read("names without quotes", '{kind: "tool", tool: "make_payment", args: {amount: 500, to: "Bob"}, reason: "You asked."}'),
    Read(
        "Python's words", "{'kind': 'tool', 'tool': 'x', 'args': {'a': True, 'b': None}}", CallTool("x", {"a": True, "b": None})
    ),
    Read("a list of one", f"[{CALL}]"),
    Read("a list of one in a fence", f"```json\n[\n  {CALL}\n]\n```"),
    Read("JSON as a JSON string", json.dumps(CALL)),
    Read("arguments as text", CALL.replace('{"amount": 500, "to": "Bob"}', json.dumps('{"amount": 500, "to": "Bob"}'))),
    Read(
        "arguments as text with a comma",
        CALL.replace('{"amount": 500, "to": "Bob"}', json.dumps('{"amount": 500, "to": "Bob",}')),
    ),
    Read(
        "line breaks within a text",
        '{"kind": "checkpoint", "checkpoint": "c", "title": "?", "artifact": "# A\n\n- b"}',
        Review("c", "?", "# A\n\n- b"),
    ),
    Read("an escaped apostrophe", '{"kind": "text", "title": "Who\\\'s that?"}', AskText("Who's that?")),
    Read("spread over lines", json.dumps(json.loads(CALL), indent=2)),
    Read(
        "brackets in a text", '{"kind": "text", "title": "Is {\\"a\\": 1} or [2] meant?"}', AskText('Is {"a": 1} or [2] meant?')
    ),
    Read("a fence in a text", '{"kind": "text", "title": "Run ```json\\n{}\\n```?"}', AskText("Run ```json\n{}\n```?")),
    Read("the end of thoughts in a text", '{"kind": "text", "title": "What is </think>?"}', AskText("What is </think>?")),
    Read(
        "the same, with words before",
        'Hm: {"kind": "text", "title": "</think>?", "prompt": "."}',
        AskText("</think>?", "."),
        beside="Hm:",
    ),
    Read("an envelope", f'{{"step": {CALL}}}'),
    Read("an envelope with a list", f'{{"steps": [{CALL}]}}'),
    Read(
        "a provider's tool call",
        '{"name": "make_payment", "arguments": {"amount": 500, "to": "Bob"}}',
        CallTool("make_payment", PAY.args),
    ),
    Read(
        "a provider's tool calls",
        json.dumps(
            {
                "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "make_payment", "arguments": json.dumps(PAY.args)}}
                ]
            }
        ),
        CallTool("make_payment", PAY.args),
    ),
    Read("a tag of tool calls", f"<tool_call>\n{CALL}\n</tool_call>"),
    Read(
        "special tokens",
        f"<|channel|>analysis<|message|>Maybe {OTHER}<|end|><|start|>assistant<|channel|>final<|message|>{CALL}",
        beside=f"analysisMaybe {OTHER}assistant",
    ),
    Read("no kind", '{"tool": "make_payment", "args": {"amount": 500, "to": "Bob"}, "reason": "You asked."}'),
    Read("a name more", CALL[:-1] + ', "confidence": "high"}', beside='{"confidence": "high"}'),
    Read(
        "words for a reason",
        f"Bob is owed 500.\n{BARE}",
        CallTool("make_payment", PAY.args, "Bob is owed 500."),
        beside="Bob is owed 500.",
    ),
    Read(
        "words for a prompt",
        'I know two Bobs.\n{"kind": "text", "title": "Who?"}',
        AskText("Who?", "I know two Bobs."),
        beside="I know two Bobs.",
    ),
    Read("something quoted before", f'The thread says {{"amount": 500}}.\n{CALL}', beside='The thread says\n{"amount": 500}'),
    Read("a reply in words", 'Okay.\n{"kind": "reply"}', Reply(), beside="Okay."),
    Read("a reply twice", '{"kind": "reply"}\n{"kind": "reply"}', Reply()),
    Read(
        "a choice with nulls",
        '{"kind": "choice", "title": "?", "prompt": null, "options": [{"value": "a", "label": "A", "description": null}]}',
        AskChoice("?", (Option("a", "A"),)),
    ),
    Read(
        "a form with a comma",
        '{"kind": "form", "title": "?", "fields": [{"name": "n", "type": "integer", "value": "3"},],}',
        AskForm("?", (Field("n", "integer", value=3),)),
    ),
    Read(
        "a large number",
        CALL.replace("500", "725653563933458432"),
        CallTool("make_payment", {"amount": 725653563933458432, "to": "Bob"}, "You asked."),
    ),
    Read(
        "a large number in a comma",
        CALL.replace("500}", "500,}").replace("500", "9007199254740993"),
        CallTool("make_payment", {"amount": 9007199254740993, "to": "Bob"}, "You asked."),
    ),
    Read("two calls in a list", f"[{CALL}, {OTHER}]", BOTH),
    Read("two calls in a fence", f"I will pay both.\n```json\n[{CALL},\n{OTHER}]\n```", BOTH, beside="I will pay both."),
    Read("two calls on two lines", f"{CALL}\n{OTHER}", BOTH),
    Read("two calls with a comma", f"{CALL},\n{OTHER}", BOTH),
    Read("two calls in two fences", f"```json\n{CALL}\n```\n\n```json\n{OTHER}\n```", BOTH),
    Read("two calls in two tags", f"<tool_call>{CALL}</tool_call>\n<tool_call>{OTHER}</tool_call>", BOTH),
    Read("two calls in an envelope", f'{{"steps": [{CALL}, {OTHER}]}}', BOTH),
    Read("two calls and a reply", f'[{CALL}, {OTHER}, {{"kind": "reply"}}]', BOTH),
    Read("a call and a reply", f'{CALL}\n{{"kind": "reply"}}', PAY),
]

REFUSED = [
    *(Refused(f"a call in {where}", written, "spoke of a tool call") for where, written in SPOKEN_OF.items()),
    *(Refused(f"a call in {opens} alone", f"{opens}{CALL}{closes}\nHello!", "no JSON object") for opens, closes in THOUGHTS),
    Refused("a call taken back", f'{CALL}\nNo, that is wrong.\n{{"kind": "reply"}}', "words between"),
    Refused("a call that is quoted", f'```json\n{CALL}\n```\nwas a trick.\n{{"kind": "reply"}}', "words between"),
    Refused("a call in thoughts of which only the end is marked", f"Maybe {CALL}? No.</think>Hello!", "before </think>"),
    Refused("a call in thoughts within thoughts", f"<think>a <think>b</think> {CALL} </think>Hello!", "before </think>"),
    Refused(
        "a call in another channel",
        f'assistant<|channel|>analysis<|message|>{CALL}<|end|><|channel|>final<|message|>{{"kind": "reply"}}',
        "words between",
    ),
    Refused("an envelope that says it is not meant", f'{{"do_not_run": {CALL}}}', "kind"),
    Refused(
        "a call within a call",
        '{"type": "function", "function": {"name": "x", "arguments": {}}, "name": "y", "arguments": {}}',
        "name and function",
    ),
    Refused("a name twice, deep down", CALL.replace("500", '[{"b": {"c": 1, "\\u0063": 2}}]'), "twice"),
    Refused("more objects than anybody means", '{"a": 1} ' * 100 + CALL, "more than 64 parts"),
    Refused("nothing", " \n", "empty"),
    Refused("words alone", "I am sorry, but I cannot help with that.", "no JSON object"),
    Refused("an empty list", "[]", "no JSON object"),
    Refused("thoughts without end", f"<think>I could {CALL}", "never left its thinking"),
    Refused("cut off", CALL[:60], "breaks off"),
    Refused("cut off in the arguments", '{"kind": "tool", "tool": "x", "args": {"a": 1', "breaks off"),
    Refused("broken, with an object inside", '{"kind": "tool" "tool": "x", "args": {"kind": "reply"}}', "not valid JSON"),
    Refused("a value without quotes", "{kind: text, title: Who?}", "not valid JSON"),
    Refused("a name twice", CALL.replace('"to"', '"amount": 5, "to"'), "twice"),
    Refused("an ellipsis", CALL.replace('"to": "Bob"', "..."), "not valid JSON"),
    Refused("no number", CALL.replace("500", "NaN"), "not valid JSON"),
    Refused("a number that is not finite", CALL.replace("500", "1e999"), "the answer"),
    Refused("a number with thousands", CALL.replace("500", "1,500"), "not valid JSON"),
    Refused("a hexadecimal number", CALL.replace("500", "0x10"), "not valid JSON"),
    Refused("a doubtful backslash", '{"kind": "text", "title": "C:\\dir"}', "backslash"),
    Refused("no kind that there is", '{"kind": "dance"}', "kind"),
    Refused("two questions", '{"kind": "text", "title": "A?"}\n{"kind": "text", "title": "B?"}', "several steps"),
    Refused("a question and a call", f'[{{"kind": "text", "title": "Sure?"}}, {CALL}]', "several steps"),
    Refused("a call or a reply", f'Either {{"kind": "reply"}} or {CALL}', "several steps"),
    Refused("one call or another", f"Either {CALL} or {OTHER}", "words between"),
    Refused("the same call twice", f"{CALL}\n{CALL}", "twice"),
    Refused("more calls than can be put", json.dumps([{**json.loads(CALL), "args": {"n": n}} for n in range(9)]), "more than 8"),
    Refused("two ends of thoughts", f"Maybe {OTHER} </think> {CALL}", "before </think> and after"),
    Refused(
        "a step in a text behind an end of thoughts",
        f'Hm: {{"kind": "text", "title": "</think> {OTHER.replace(chr(34), chr(39))}"}}',
        "before </think>",
    ),
    Refused("no arguments", '{"kind": "tool", "tool": "x", "args": null}', "args"),
    Refused("arguments that are none", '{"kind": "tool", "tool": "x", "args": "now"}', "args"),
    Refused(
        "arguments under two names",
        '{"kind": "tool", "tool": "x", "args": {"a": 2}, "arguments": {"a": 1}}',
        "args and arguments",
    ),
    Refused("half a character", '{"kind": "text", "title": "half \\ud800 of it"}', "half of a surrogate pair"),
    Refused("depth", "[{" + '"a":[{' * 3000, "nested deeper"),
]
