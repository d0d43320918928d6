"""Mark in sentences which word belongs to which, by a rule that would rather leave out than be wrong.

Used by make.py. README.md says what the rule is, and how far it may be trusted.
"""

import re
import zlib
from collections.abc import Iterable

WORD = re.compile(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]")     # as BERT parts words, in plain ASCII

DETERMINERS = set("a an the".split())
POSSESSIVES = set("its his their my our your".split())
BE = set("is are was were be been being".split())
AUXILIARIES = BE | set("has have had will would can could may might must should does did do shall".split())
PREPOSITIONS = set("""
    of in on at for from with by into during through under over against between among within without
    """.split())
OTHERS = set("""
    and or but nor so yet if then than as that which who whom whose what when where why how while because although though
    since until unless this these those such both either neither each every all any some no not only also even just very too
    more most less least much many few several other another same own first second third last next one two three four five six
    seven eight nine ten hundred i you he she it we they me him her us them himself herself itself themselves myself ourselves
    yourself there here s t d ll re ve never ever often always once again still already almost rather quite about after before
    above below up down out off to near like around along across upon per via little half full able available due similar
    equal responsible worthy capable rich poor true free new old former current latter late later early earlier today now ago
    away together instead well hard fast alone back right left good bad great best better worst worse high low long short big
    small large major main whole entire main general present prior
    """.split())
CLOSED = DETERMINERS | POSSESSIVES | AUXILIARIES | PREPOSITIONS | OTHERS
AFTER_A_NOUN = PREPOSITIONS | AUXILIARIES | set("that which who whose to as . ; : )".split())
IN_FRONT = set("""
    new old former current latter late early little good bad great best better worst high low long short big small large major
    main whole entire general present first second third last next same other few two three four five six
    """.split())
PLURALS = set("people children men women police".split())
IRREGULAR = set("""
    made known shown given held born seen taken found written won built led set put sent lost left kept met paid read run sold
    told spent thought brought caught taught bought fought done gone grown drawn driven spoken broken chosen worn begun sung
    become became came went began saw took gave got ran fell rose grew knew wrote spoke stood understood hit cut let lay lies
    wore drew drove broke chose felt said meant beat cast cost hurt shot sat dealt
    """.split())
VERBS = set("""
    has includes include included contains contain contained features feature featured offers offer offered provides provide
    provided delivers deliver delivered requires require required creates create created uses use used receives receive
    received won wins win lost loses builds built produces produce produced wrote writes plays played takes took take held
    holds hold entered enters joined joins reached reaches defeated defeats covers cover covered supports support supported
    follows follow followed finds find found tells tell told sees see saw shows show showed carries carry carried
    """.split())
RARE = ("object", "passive", "possessive")     # a sentence is taken for one of these; what else is in it is marked, too


def words_of(text: str) -> list[str]:
    return WORD.findall(text)


def links(text: str) -> list[tuple[str, int, int]]:
    """(relation, the word that is asked, the word that is its answer), each word by its number in the text."""
    words = [word.lower() for word in words_of(text)]
    found = []
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        if word in DETERMINERS | POSSESSIVES:
            noun = noun_after(words, place)
            if noun:
                found.append(("determiner" if word in DETERMINERS else "possessive", place, noun))
                if before in PREPOSITIONS:
                    found.append(("preposition", place - 1, noun))
                if before in VERBS and words[place - 2 : place - 1] != ["to"]:
                    found += [("object", noun, place - 1), ("verb", place - 1, noun)]
        if word in BE:
            participle = place + 1 + (words[place + 1 : place + 2] and words[place + 1].endswith("ly"))
            if words[participle + 1 : participle + 2] == ["by"] and is_participle(words[participle]):
                found.append(("passive", place, participle))
    return found


def noun_after(words: list[str], place: int) -> int | None:
    """The noun that a determiner belongs to, if the words up to it leave hardly a doubt."""
    end = place + 1
    while end < len(words) and words[end].isalpha() and (words[end] not in CLOSED or words[end] in IN_FRONT):
        end += 1
    inside = words[place + 1 : end]
    if not 1 <= len(inside) <= 4 or end == len(words) or words[end] not in AFTER_A_NOUN:
        return None
    *front, noun = inside
    doubtful = any(is_participle(word) or word.endswith(("ly", "ing")) for word in inside)
    verb_may_follow = front and (is_plural(noun) or any(is_plural(word) or word in PLURALS for word in front))
    plural_after_a = words[place] in ("a", "an") and is_plural(noun)
    if noun in IN_FRONT or doubtful or verb_may_follow or plural_after_a or len(noun) < 3:
        return None
    return end - 1


def is_participle(word: str) -> bool:
    return word in IRREGULAR or (word.endswith("ed") and len(word) > 4)


def is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith(("ss", "us", "is"))


def whole(text: str) -> bool:
    """A sentence in plain ASCII, of 8 to 40 words, that begins with a capital and ends in a full stop."""
    return (text.isascii() and text.isprintable() and 8 <= len(words_of(text)) <= 40 and text[:1].isupper() and text.endswith(".")
            and not re.search(r"``|''|\[|\\", text))


def chosen(sentences: Iterable[str], each: int) -> list[str]:
    """So many sentences with an object, so many with a passive, so many with a possessive."""
    taken = []
    pool = sorted({text for text in sentences if whole(text)}, key=order)
    for relation in RARE:
        left = (text for text in pool if text not in taken and relation in {name for name, *_ in links(text)})
        taken += [text for text, _ in zip(left, range(each), strict=False)]
    return taken


def order(text: str) -> tuple[int, str]:
    return zlib.crc32(text.encode("utf-8")), text


def rows(reviews: Iterable[str], sentences: Iterable[str]) -> str:
    """text, links: 1,600 sentences, of reviews and of passages, under a header."""
    texts = sorted(chosen(reviews, 200) + chosen(sentences, 400), key=order)
    return "text\tlinks\n" + "".join(
        f"{text}\t{' '.join(f'{name}:{asked}:{answer}' for name, asked, answer in links(text))}\n" for text in texts
    )
