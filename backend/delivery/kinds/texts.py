"""What people read in a group about an event, in Chinese and English. Cut at limits of bytes, between sentences."""

import re

from backend.delivery.kinds.protocol import Message

_ZH = {
    "test.ping": "测试消息：渠道已连通",
    "recording.created": "收到新录音",
    "recording.trashed": "录音已移到回收站",
    "recording.restored": "录音已从回收站恢复",
    "recording.deleted": "录音已删除",
    "recording.renamed": "录音已改名",
    "recording.transferred": "录音已转给你",
    "recording.original_removed": "原始文件已按保留规则删除",
    "recording.audio_removed": "试听音频已按保留规则删除",
    "job.queued": "任务已排队",
    "job.started": "任务已开始",
    "job.moved": "任务已排到最前",
    "job.cancelled": "任务已取消",
    "job.deleted": "任务已删除",
    "job.done": "处理完成",
    "job.failed": "处理失败，请打开录音查看原因",
    "transcript.published": "文稿已完成",
    "transcript.edited": "文稿已修改",
    "transcript.restored": "文稿已恢复到以前的版本",
    "minutes.written": "会议纪要已完成",
    "polish.written": "润色已完成",
    "repair.written": "修复建议已完成",
    "translation.written": "翻译已完成",
    "comment.added": "有新评论",
    "share.created": "已创建分享链接",
    "share.revoked": "已撤销分享链接",
    "channel.paused": "一个渠道无法送达，请到账号页查看",
}
_EN = {
    "test.ping": "Test: this channel works",
    "recording.created": "A new recording has arrived",
    "recording.trashed": "A recording was moved to the trash",
    "recording.restored": "A recording was restored from the trash",
    "recording.deleted": "A recording was deleted",
    "recording.renamed": "A recording was renamed",
    "recording.transferred": "A recording is yours now",
    "recording.original_removed": "An original was removed by a rule of retention",
    "recording.audio_removed": "The audio of a recording was removed by a rule of retention",
    "job.queued": "A job is queued",
    "job.started": "A job has started",
    "job.moved": "A job was moved to the front",
    "job.cancelled": "A job was cancelled",
    "job.deleted": "A job was deleted",
    "job.done": "Work on a recording is done",
    "job.failed": "Work on a recording has failed; open it to see why",
    "transcript.published": "The transcript is ready",
    "transcript.edited": "The transcript was edited",
    "transcript.restored": "An earlier version of the transcript was restored",
    "minutes.written": "The minutes are ready",
    "polish.written": "The polish is ready",
    "repair.written": "Proposals for repair are ready",
    "translation.written": "The translation is ready",
    "comment.added": "There is a new comment",
    "share.created": "A share link was created",
    "share.revoked": "A share link was revoked",
    "channel.paused": "A channel cannot be reached; see the account page",
}
#: The sentences of a language, the text of a link, and what stands where text was cut.
_WORDS = {
    "zh": (_ZH, "打开录音", "……（其余内容请打开录音查看）"),
    "en": (_EN, "Open the recording", "… (open it to read the rest)"),
}

#: What robots take for a mention or a colour, such as <at id=all> and <@somebody>.
_TAG = re.compile(r"<(?=[A-Za-z@/!])")
_END_OF_SENTENCE = re.compile(r"(?<=[。！？；.!?\n])")


def headline(message: Message) -> str:
    """One line: what has happened, and to which recording if the channel wants its name."""
    sentences = _WORDS[message.language][0]
    said = sentences.get(message.kind, message.kind)
    if message.recording_name is None:
        return said
    name = _without_tags(" ".join(message.recording_name.split()))
    return f"{said}：{name}" if message.language == "zh" else f"{said}: {name}"


def link_text(message: Message) -> str:
    return _WORDS[message.language][1]


def body_text(message: Message) -> str:
    """The minutes or the transcript that go along; empty if none do. What was said mentions nobody in the group."""
    return _without_tags((message.minutes or message.transcript or "").strip())


def fitted(text: str, limit: int, message: Message) -> str:
    """`text` if it has at most `limit` bytes; otherwise its beginning, cut behind a sentence and never inside a
    character, with a note that there is more. Empty where not even the note fits."""
    if len(text.encode()) <= limit:
        return text
    more = _WORDS[message.language][2]
    room = limit - len(more.encode()) - 1
    if room <= 0:
        return ""
    beginning = text.encode()[:room].decode(errors="ignore")
    sentences = _END_OF_SENTENCE.split(beginning)
    whole = "".join(sentences[:-1])
    return f"{(whole or beginning).rstrip()}\n{more}"


def _without_tags(text: str) -> str:
    return _TAG.sub("＜", text)
