"""Ordinary words of English, which in small letters mean themselves and not the account whose name resembles them."""

from __future__ import annotations

from clynto.domain.questions.understanding.lexicon import known_words, singular

_WORDS = """
able above according account across actual actually addition after again against agree ahead alert almost alone along
already although always among another answer anyway apart apparently area around asked asking away back badly base
based because become becoming been before began begin beginning begun behind being believe belong below beside best
better between beyond body book books both bottom bring brought build built business buying call called came cancel
card care case cash catch center certain chance change charge cheap check choice choose city class clean clear clearly
close coming common complete completely consider contain continue contract correct cost count country course cover
create credit current customer daily data date dates day days deal dear decide deep deliver demand detail details did
differ difference different difficult direct discount does doing done double down draw drive drop during each early
earn easily easy effect effort either else email empty enough ensure enter entire equal error even event ever every
everything exact example excel expect explain extra face fact fail fair fall false family fast feature february few
field figure file fill final finally find fine first five fixed follow following food force foreign form former forward
found four free fresh friday friend from front full further future game gave general gets getting give given goes going
gone good great green ground group grow growing guess half hand handle happen happy hard have head health hear heard
heavy held hello help here high higher history hold home hope hour hours house however huge human idea important improve
include including increase indeed industry inside instead interest into issue item itself join just keep kept kind knew
know known large largely last late later latest launch lead learn least leave left legal less level life light like
likely limit line list little live local long longer look looking lose loss lost lots love lower main mainly make
making manage manager many mark market markets matter maybe mean means measure meet member mind minute miss missing
model moment monday money month monthly months more morning most mostly move much must name near nearly need never next
nice night none normal north note nothing notice number object obviously offer office often once online only onto open
order other others otherwise ourselves outside over overall own page paid pair paper part particular party pass past
pause people percent perhaps period person phone pick piece place plan plans play please plus point policy poor popular
position possible potential power present press pretty previous price pricing print private probably problem process
produce product profit program proper provide public pull push quarter question quick quickly quite raise range rate
rather reach read reading ready real really reason receive recent recently record reduce region regular relate remain
remember remove renew repeat reply report request require rest result results return revenue review rich right rise
risk role room round rule safe said sale sales same save says scale season second section seem seen segment sell send
sense sent separate series serious serve service set seven several share short should show side sign signal similar
simple simply since single site size slow small smart some someone something sometimes soon sorry sort sound source
south space speak special spend split stage stand standard start started starting starts state status stay step still
stock stop store story straight strange strong such sudden suggest summer sure switch system table take taken talk
target task team tell term terms test than thank that their them then there these they thing things think this those
though thought three through thus time times today together told tomorrow took tool topic total touch toward track
trade train travel tried trouble true trust truth try turn twice type under understand unit until update upon usage
used useful user users using usual usually value very view wait walk want watch ways wednesday week weekly weeks well
went were west what when where whether which while white whole whose why wide will winter wish with within
without wonder word words work worked working world worry worse worst worth would write wrong year yearly
years yesterday your
"""
_ORDINARY = frozenset(_WORDS.split())


def is_english(word: str) -> bool:
    """Whether it is an ordinary word that is none of ours, and so no slip of one: "again" is not a gain."""
    return word in _ORDINARY and singular(word) not in known_words()


def is_ordinary(word: str) -> bool:
    """Whether it is a word of the vocabulary or an ordinary one."""
    return word in _ORDINARY or singular(word) in known_words()
