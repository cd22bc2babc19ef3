"""Words that people choose for passwords, before all others. Lower case, without digits.

Short on purpose: vaults allow about ten guesses, so what has to be refused is what
anybody would try among the first. A list of millions would stop nobody else.
"""

from typing import Final

_WORDS: Final = """
aaron abc access account admin adrian alex alexander alexandra alice allison amanda amazon
amber america amour andrea andrew andrey angel angela anna anthony apple arsenal asd asdf
ashley august austin autumn azerty baby backup banana barcelona baseball basketball batman
beach bear beautiful benjamin berlin biscuit blessed blink blue bob boss brandon bubbles
buddy buster butterfly canada captain carlos cat champion changeme charlie chatting cheese
chelsea chicken chocolate chris christian coffee computer cookie corvette cowboy daddy
dallas daniel darling david december default diamond dog dolphin donald dragon eagle
einstein elephant elizabeth emily england family ferrari fish flower fluffy football forever
france freedom friday friend friends gandalf garfield george germany ginger girl glasspost
gold golf google guest guitar hallo hannah happy harley heaven hello hockey honey house
hunter iloveyou internet james jasmine jennifer jesus jonathan jordan joseph joshua july
june justin killer king kitten kitty lakers lauren letmein lion liverpool login london lord
love lovely lucky magic manchester march marie marina mark martin master matrix matthew
maxwell melissa mercedes merlin messenger messi michael michelle mickey monday monkey
monster morgan mother mustang naruto natalie nicole ninja november october oliver orange
pass passport passw password passwort patrick peace peanut pepper peter phoenix pizza player
please pokemon princess purple qazwsx queen qwer qwert qwerty qwertz rabbit rachel rainbow
ranger rebecca red richard robert rocket root sabrina samantha samsung saturday secret
security september shadow silver simple snoopy soccer sophie spider spring star starwars
steven summer sunday sunshine super superman sweet teacher test thomas thunder tiger tigger
tinkerbell travis trustno user vanessa victoria viking warrior wasser welcome whatever white
william willkommen winter wizard yellow zaq zxcvbn zxcvbnm
"""

WELL_KNOWN: Final = frozenset(_WORDS.split())
