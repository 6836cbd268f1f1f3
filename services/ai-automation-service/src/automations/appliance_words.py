"""What a thing is, read out of its name: words for dangerous things in the languages people name their homes in.

English, German, Dutch, French, Spanish, Italian, Portuguese and Scandinavian. Whoever does not find a danger here finds
a name that says nothing, not a safe thing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Words:
    """Attributes:
    inside: found anywhere in the name, as German and Dutch join words; two words are written with one blank.
    whole: only as words of their own, being short or part of other words.
    ends: ends of words, for joined words such as ``Hoftor``.
    but: words that end so and mean something else.
    """

    inside: str = ""
    whole: str = ""
    ends: str = ""
    but: str = ""


_NAMES: Mapping[str, _Words] = {
    # Whatever gets hot, or is sold with the words "do not leave unattended".
    "heat": _Words(
        inside="""
            heater; heating; radiator; radiateur; radiador; boiler; kettle; toaster; microwave; fireplace; barbecue;
            cooktop; stove; cooker; fryer; sauna; infrared; furnace; immersion; espresso; coffee machine; coffee maker;
            coffeemaker; coffee; crockpot; instant pot; hair dryer; hairdryer; straightener; electric blanket;
            heated blanket; heat lamp; heat pad; heat mat; heat pump; hot tub; hottub; jacuzzi; towel rail; underfloor;
            water heater; tumble; washing machine; dishwasher; soldering; glue gun; terrarium; incubator;
            heizung; heizluft; heizluefter; heizstrahl; heizkorper; heizkoerper; heizdecke; heizofen; heizstab;
            heizkissen; heizmatte; heizlampe; heizpatrone; heizelement; durchlauferhitzer; wasserkocher; backofen;
            kochfeld; kochplatte; herdplatte; bugeleisen; buegeleisen; kaffee; mikrowelle; kamin; fritteuse;
            reiskocher; haartrockner; glatteisen; warmelampe; waermelampe; rotlicht; warmepumpe; waermepumpe;
            handtuchhalter; fussbodenheiz; warmwasser; trockner; waschmaschine; spulmaschine; spuelmaschine;
            geschirrspul; lotkolben; loetkolben; infrarot; whirlpool; brennofen;
            verwarming; kachel; waterkoker; kookplaat; fornuis; strijkijzer; koffie; magnetron; vloerverw;
            warmtepomp; warmtelamp; elektrische deken; wasmachine; wasdroger; droogkast; vaatwasser; afwasmachine;
            openhaard; frituur; tosti;
            chauffage; chauffant; chauffe; chaudiere; bouilloire; grille pain; cuisiniere; plaque de cuisson; plaques;
            fer a repasser; cafetiere; friteuse; micro onde; cheminee; seche serviette; seche linge; seche cheveux;
            lave linge; lave vaisselle; pompe a chaleur; fourneau; convecteur; poele;
            calefac; calefon; calefactor; estufa; caldera; hervidor; tostador; cafetera; freidora; microondas;
            chimenea; vitroceramica; induccion; secadora; lavadora; lavavajilla; suelo radiante; bomba de calor;
            brasero;
            riscaldament; stufa; caldaia; bollitore; tostapane; ferro da stiro; macchina caffe; macchina del caffe;
            friggitrice; forno; fornello; piano cottura; asciugatrice; lavatrice; lavastoviglie; pompa di calore;
            termosifone; camino; scaldabagno; scaldino;
            aquecedor; aquecimento; caldeira; chaleira; torradeira; fogao; maquina de lavar; maquina de cafe;
            vattenkokare; vandkoger; kaffebryg; kaffetrakter; brodrost; strykjarn; strygejern; torktumlare;
            tvattmaskin; vaskemaskin; diskmaskin; oppvask; opvaskemaskin; varmepumpe; varmepump; elvarme; panelovn;
            komfyr
        """,
        whole="""
            oven; hob; iron; heat; grill; bbq; kiln; dryer; washer; geyser; herd; ofen; fohn; foehn; haard; droger;
            plancha; horno; termo; airco heat; spis; ovn; kamina; kakkel; piec; grzejnik; czajnik; bojler; ugn
        """,
        ends="ofen; heizer; ovn; ugn",
    ),
    # Of these also a lamp or a fan: a name that says so outright.
    "heater": _Words(
        inside="""
            heater; heat lamp; infrared; infrarot; heizluft; heizluefter; heizstrahl; heizlampe; warmelampe;
            waermelampe; rotlicht; warmtelamp; chauffant; calefactor; termoventilator
        """
    ),
    # What opens a way into the house.
    "door": _Words(
        inside="""
            garage door; garagedoor; frontdoor; backdoor; door opener; garage opener; gate opener; tuer; garagentor;
            hoftor; rolltor; schiebetor; einfahrt; schranke; voordeur; achterdeur; garagedeur; portail; portillon;
            barriere; puerta; porton; cancello; portone; serratura; cerradura; serrure; cerrojo; portao;
            fechadura; unlock; unlatch; deadbolt; door strike; schloss; garageport; garasjeport; brama
        """,
        whole="""
            door; doors; gate; gates; lock; latch; tor; tur; tore; deur; poort; porte; portes; porta; drzwi; opener;
            dorr; grind
        """,
        ends="tur; tor; deur; poort; dorr; opener; offner; oeffner; slot",
        but="""
            temperatur; natur; struktur; textur; reparatur; kultur; miniatur; armatur; tastatur; literatur; agentur;
            kontur; ventilator; motor; rotor; sensor; aktor; monitor; radiator; generator; reaktor; actuator; indicator;
            isolator; humidificator; refrigerator; regulator; projector; detector; adaptor; kompressor; separator;
            doctor; vector; factor; sektor; timeslot
        """,
    ),
    "water": _Words(
        inside="""
            sprinkler; irrigat; watering; faucet; stopcock; water main; watermain; bewasser; bewaesser; beregn;
            wasserhahn; hauptwasser; magnetventil; sproei; waterkraan; hoofdkraan; arrosage; electrovanne; robinet;
            valvula; valvola; riego; grifo; irrigaz; irrigac; rubinetto; bevattn; vanding; vanning; solenoid
        """,
        whole="""
            valve; ventil; vanne; kraan; water; wasser; eau; agua; acqua; pump; pumpe; pomp; pompe; bomba; pompa;
            pumpa; hahn; gas
        """,
        ends="valve; ventil; pumpe; pomp; pump; hahn; gashahn; kraan",
    ),
    "alarm": _Words(
        inside="sirene; siren; alarm; alarma; allarme; einbruch; intrusion; panic; security system; tamper",
        whole="larm; hooter; horn",
        ends="alarm; larm",
    ),
    # Blades, lifts, presses: what hurts whoever stands beside it.
    "machine": _Words(
        inside="""
            table saw; kreissage; kreissaege; tischsage; drill press; bohrmaschine; drehmaschine; drehbank; compressor;
            kompressor; compresseur; compresor; welder; schweiss; shredder; hacksler; haecksler; 3d print; 3d druck;
            3dprint; treadmill; laufband; elevator; aufzug; winch; mower; rasenmaher; grasmaaier; tondeuse;
            cortacesped; tosaerba; laser cutter; chainsaw
        """,
        whole="saw; lathe; cnc; hoist; winde; lift; laser; sage; saege; shutdown; reboot",
    ),
    # What spoils, drowns or goes blind when it has no power.
    "essential": _Words(
        inside="""
            freezer; fridge; refrigerator; gefrier; kuhlschrank; kuehlschrank; kuhltruhe; kuehltruhe; tiefkuhl;
            tiefkuehl; koelkast; vriezer; vrieskist; diepvries; koelvries; refrigerateur; congelateur; congelador;
            nevera; frigorifico; frigorifero; congelatore; kylskap; kjoleskap; koleskab; geladeira; fryser; router;
            modem; fritzbox; fritz box; access point; accesspoint; proxmox; synology; raspberry; home assistant;
            homeassistant; aquarium; acuario; acquario; aquario; terrarium; vivarium; incubator; cpap; oxygen; oxygene;
            oxigeno; ossigeno; sauerstoff; zuurstof; dialy; beatmung; medical; medizin; medisch; sump; rauchmelder;
            smoke detector; smoke alarm; rookmelder; baby monitor; babyphone; babyfoon; nurse call
        """,
        whole="server; nas; qnap; hub; gateway; bridge; ups; usv; wifi; wlan; internet; network; netzwerk; frigo; frys",
    ),
    # What covers a window and lets nobody in.
    "blind": _Words(
        inside="""
            blind; curtain; shade; shutter; drape; jalousie; rollladen; rolladen; rollo; vorhang; gardine; raffstore;
            lamellen; markise; awning; gordijn; luxaflex; rolluik; zonwering; screen; volet; rideau; persiana;
            cortina; estor; toldo; tenda; tapparella; tapparelle; veneziana; gardin; markis; skylight; projector;
            projektor; leinwand; verdunkl; plissee; sonnenschutz; sunblind; sunscreen; damper
        """,
        whole="tv; store; stores",
    ),
    # What a heating word in front of it does not make hot: the oven's light, the boiler room.
    "light": _Words(
        inside="lamp; licht; light; lumiere; beleucht; verlicht; eclair; belysning; coffee table; coffee corner",
        whole="led; luz; luces; luce; luci; ljus; lys; spot; spots; lampe; lampa; nightlight",
    ),
    # What says only that something is plugged in.
    "plug": _Words(
        inside="socket; outlet; steckdose; stopcontact; stekker; enchufe; tomada; stikkontakt; uttag",
        whole="plug; plugs; prise; presa; shelly; sonoff; tasmota; relay; relais; rele; switch; schalter",
    ),
    "aside": _Words(
        inside="""
            doorbell; klingel; sonnette; timbre; campanello; deurbel; turklingel; chime; child lock; childlock;
            kindersicherung; kinderslot; alarm clock; wecker; wekker; despertador; sveglia; sonos; notification;
            notify; camera; indicator; gateway
        """,
        whole="bell; gong; reveil; ringer",
    ),
}
# Of a lamp only these say that it heats.
_LAMPS_THAT_HEAT = re.compile(r"heat lamp|w(?:ar|aer)melampe|heizlampe|rotlicht|warmtelamp|infrared|infrarot")
# What opens although it is part of a doorbell.
_OPENS = re.compile(r"opener|offner|oeffner|unlock|unlatch|strike")
# The light is not all of it: a kettle with a light.
_BOTH = re.compile(r"\b(?:with|and|mit|und|avec|et|con|e|y|met|en|med|och|og)\b")
# "Four" is an oven in French and a number in English.
_FRENCH_OVEN = re.compile(
    r"^four$|\bfour (?:a|de|du|au|cuisine|electrique|gaz|encastre|vapeur)\b|\b(?:le|du|mon|cuisine) four\b"
)


def plain_words(*texts: str | None) -> str:
    """Texts as lower-case words without accents, one blank between them."""
    joined = unicodedata.normalize("NFKD", " ".join(text for text in texts if text).casefold())
    letters = "".join(letter for letter in joined if not unicodedata.combining(letter))
    letters = letters.replace("ø", "o").replace("æ", "ae").replace("ł", "l")
    return " ".join(re.split(r"[\W_]+", letters)).strip()


def kinds_of(*texts: str | None) -> frozenset[str]:
    """What a name says.

    Of ``heat`` (and ``heater``), ``door``, ``water``, ``alarm``, ``machine``, ``essential``, ``blind``, ``light``,
    ``plug``.
    """
    name = plain_words(*texts)
    found = {kind for kind, pattern in _PATTERNS.items() if pattern.search(name)}
    if _FRENCH_OVEN.search(name):
        found.add("heat")
    if "aside" in found:
        found -= {"aside", "alarm"} | (set() if _OPENS.search(name) else {"door"})
    if "light" in found and not _BOTH.search(name):
        found -= {"heat", "heater", "water", "machine", "door", "essential"}
        if _LAMPS_THAT_HEAT.search(name):
            found = found - {"light"} | {"heat", "heater"}
    return frozenset(found)


def _listed(words: str) -> list[str]:
    return [" ".join(word.split()) for word in words.split(";") if word.strip()]


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def _pattern(words: _Words) -> re.Pattern[str]:
    but = _alternatives(_listed(words.but))
    guard = rf"(?!\w*(?:{but})\b)" if but else ""
    ways = [_alternatives(_listed(words.inside))]
    ways += [rf"\b{guard}(?:{_alternatives(_listed(words.whole))})\b"] if words.whole else []
    ways += [rf"\b{guard}\w*(?:{_alternatives(_listed(words.ends))})\b"] if words.ends else []
    return re.compile("|".join(ways))


_PATTERNS: Mapping[str, re.Pattern[str]] = {kind: _pattern(words) for kind, words in _NAMES.items()}
