"""A template says what minutes focus on and in which order their parts are shown. These are the built-in templates."""

from dataclasses import dataclass

#: The parts of minutes, with their Chinese and English names.
PARTS: dict[str, tuple[str, str]] = {
    "headline": ("一句话结论", "Bottom line"),
    "overview": ("概要", "Overview"),
    "decisions": ("决议", "Decisions"),
    "actions": ("待办事项", "Action items"),
    "questions": ("待定问题", "Open questions"),
    "topics": ("议题", "Topics"),
    "speakers": ("发言要点", "By speaker"),
    "keywords": ("关键词", "Keywords"),
}

DEFAULT = "bluf"


@dataclass(frozen=True, slots=True)
class Template:
    """`guidance` is part of the system prompt; `parts` are shown in this order."""

    key: str
    name: str
    guidance: str
    parts: tuple[str, ...]
    version: int = 1
    shared: bool = False  #: made by an admin for all users


_ALL = tuple(PARTS)

BUILT_IN: dict[str, Template] = {
    template.key: template
    for template in (
        Template("bluf", "结论先行", "先给结论，再给依据；每一条尽量短。", _ALL),
        Template(
            "weekly",
            "周会",
            "这是周会：关注各人上周的进展、遇到的问题、需要的协助和下周的计划。",
            ("overview", "speakers", "decisions", "actions", "questions", "topics", "keywords"),
        ),
        Template(
            "review",
            "项目评审",
            "这是项目评审：关注评审对象、提出的意见与风险、结论（通过、有条件通过或不通过）和整改要求。",
            ("headline", "overview", "topics", "questions", "decisions", "actions", "speakers"),
        ),
        Template(
            "customer",
            "客户访谈",
            "这是客户访谈：关注客户的背景、现状、痛点、原话里的需求、顾虑、预算与时间，以及我方的承诺。",
            ("headline", "overview", "topics", "questions", "actions", "decisions", "keywords"),
        ),
        Template(
            "interview",
            "面试",
            "这是面试：关注候选人的经历、能力的例证、回答得好与不好的问题、期望和到岗时间；只记事实，不下录用结论。",
            ("overview", "topics", "speakers", "questions", "actions", "keywords"),
        ),
        Template(
            "official",
            "公文式纪要",
            "用公文语体：以“会议指出”“会议强调”“会议决定”“会议要求”等开头，用第三人称，不用口语。",
            ("overview", "topics", "decisions", "actions", "questions"),
        ),
    )
}
