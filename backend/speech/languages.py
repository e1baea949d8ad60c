"""The languages that a recording can be in, by the codes of Whisper's tokenizer (ISO 639-1 where there is one)."""

from collections.abc import Iterable, Sequence

from backend.speech.types import Sentence

#: The engine finds out.
AUTO = "auto"

_CODES = (
    "zh en ja ko de fr es ru pt it nl pl tr vi th id ms ar hi fa he uk cs sk sl hr sr bs bg ro hu el sv "
    "no nn da fi is et lv lt be ka hy az kk uz tk tg mn bo my km lo ne bn ta te kn ml mr gu pa si ur sd "
    "ps as sa lb af sq mk mt cy br fo eu ca gl oc la mi haw ln ha yo sn so am mg sw tl jw su ht yi tt "
    "ba "
)
LANGUAGES = tuple(_CODES.split())
#: What media files call these languages: ISO 639-2, both its terminological and its bibliographic codes.
_LONG_CODES = (
    "zh:zho,chi,cmn en:eng ja:jpn ko:kor de:deu,ger fr:fra,fre es:spa ru:rus pt:por it:ita nl:nld,dut pl:pol tr:tur "
    "vi:vie th:tha id:ind ms:msa,may ar:ara hi:hin fa:fas,per he:heb uk:ukr cs:ces,cze sk:slk,slo sl:slv hr:hrv sr:srp "
    "bs:bos bg:bul ro:ron,rum hu:hun el:ell,gre sv:swe no:nor,nob,nb nn:nno da:dan fi:fin is:isl,ice et:est lv:lav "
    "lt:lit be:bel ka:kat,geo hy:hye,arm az:aze kk:kaz uz:uzb tk:tuk tg:tgk mn:mon bo:bod,tib my:mya,bur km:khm lo:lao "
    "ne:nep bn:ben ta:tam te:tel kn:kan ml:mal mr:mar gu:guj pa:pan si:sin ur:urd sd:snd ps:pus as:asm sa:san lb:ltz "
    "af:afr sq:sqi,alb mk:mkd,mac mt:mlt cy:cym,wel br:bre fo:fao eu:eus,baq ca:cat gl:glg oc:oci la:lat mi:mri,mao "
    "ln:lin ha:hau yo:yor sn:sna so:som am:amh mg:mlg sw:swa tl:tgl,fil jw:jav,jv su:sun ht:hat yi:yid tt:tat ba:bak"
)
_CODE_OF = {
    long: code
    for code, _, longs in (entry.partition(":") for entry in _LONG_CODES.split())
    for long in longs.split(",")
}
MANDARIN = ("zh",)
#: Written with Chinese characters as well, by rules of their own: numbers and script stay as they are.
NOT_CHINESE = ("ja", "ko")


def language_code(tag: str) -> str:
    """The code here of a language as media files name it (`chi`, `zh-CN`); of other languages the tag in lower case."""
    primary = tag.replace("_", "-").split("-")[0].lower()
    return _CODE_OF.get(primary, primary if primary in LANGUAGES else tag.lower())


def spoken_language(sentences: Iterable[Sentence], known: Sequence[str], chosen: str = AUTO) -> str:
    """The language of a transcript: the one that most of its seconds were recognised in.

    Where the engine does not say, the one that was `chosen` if it is among the `known` ones of the engine; else the
    first of these.
    """
    seconds: dict[str, float] = {}
    for sentence in sentences:
        if sentence.language is not None:
            seconds[sentence.language] = seconds.get(sentence.language, 0.0) + sentence.end - sentence.start
    if seconds:
        return max(seconds, key=lambda language: seconds[language])
    return chosen if chosen in known else known[0]
