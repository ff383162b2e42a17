"""The films of the sample: style, cast and setting of each, none of them anybody's characters.

Six films are drawn to train on and three to test on. They share how things are drawn, as films of
one art form do, and differ in line, palette, cast, setting and in what happens.
"""

from dataclasses import dataclass

from atd12k.cartoon import places
from atd12k.cartoon.creatures import Paint
from atd12k.cartoon.drawing import Color, Ink
from atd12k.cartoon.figures import Figure
from atd12k.cartoon.headdress import Head
from atd12k.cartoon.scenery import Place


@dataclass(frozen=True)
class Film:
    """One film.

    Attributes:
      number: Its number in the names of its triplets.
      title: What it is about.
      place: Where it plays.
      ink: Its line.
      cast: Its figures; the first has the leading part.
      paints: Colours of its animals and things.
      acts: Names of what happens in its shots (`shots.ACTS`), in turn.
      original_size: (width, height) of its frames before they were reduced to 540 lines.
      grade: Colour mixed over every frame, RGBA, as the light of the film; None for none.
    """

    number: int
    title: str
    place: Place
    ink: Ink
    cast: tuple[Figure, ...]
    paints: tuple[Paint, ...]
    acts: tuple[str, ...]
    original_size: tuple[int, int] = (1920, 1080)
    grade: Color | None = None


TRAIN_FILMS = (
    Film(
        number=0,
        title="A girl, a boy and a dog in a meadow",
        place=places.MEADOW,
        ink=Ink((62, 40, 44), 2.5, 0.4),
        cast=(
            Figure(
                head=Head(
                    hair=(150, 84, 52), hair_style="bob", hat="bow", hat_color=(240, 92, 110)
                ),
                top=(244, 198, 84),
                bottom=(236, 120, 92),
                outfit="dress",
                shoes=(170, 70, 74),
            ),
            Figure(
                head=Head(
                    hair=(84, 60, 56),
                    hair_style="short",
                    eyes="dot",
                    hat="straw",
                    hat_color=(242, 214, 128),
                    chin=1.0,
                ),
                top=(238, 240, 232),
                bottom=(82, 128, 190),
                outfit="overalls",
                girth=1.1,
                height=216,
            ),
        ),
        paints=(
            Paint((214, 148, 88), (150, 92, 60), (214, 66, 70)),
            Paint((90, 150, 214), (60, 108, 178), (250, 190, 80)),
        ),
        acts=("walk", "dog", "talk", "jump", "fetch", "balloon", "run", "wave", "swing", "fly"),
    ),
    Film(
        number=1,
        title="Two boys about town",
        place=places.TOWN,
        ink=Ink((34, 34, 48), 1.9, 0.25),
        cast=(
            Figure(
                head=Head(
                    hair=(54, 44, 50),
                    hair_style="short",
                    hat="cap",
                    hat_color=(58, 120, 186),
                    eyes="round",
                    skin=(238, 192, 152),
                ),
                top=(248, 246, 240),
                bottom=(70, 84, 120),
                shoes=(206, 70, 70),
                girth=1.05,
            ),
            Figure(
                head=Head(hair=(212, 118, 62), hair_style="spiky", iris=(96, 140, 80), chin=0.7),
                top=(94, 164, 128),
                bottom=(120, 92, 84),
                shoes=(236, 230, 224),
                height=244,
            ),
        ),
        paints=(
            Paint((226, 88, 72), (250, 238, 214), (226, 226, 232)),
            Paint((92, 160, 190), (240, 236, 226), (206, 210, 220)),
        ),
        acts=("drive", "talk", "kick", "run", "dialogue", "walk", "ball", "cheer"),
    ),
    Film(
        number=2,
        title="The bear and the rabbit in the snow",
        place=places.SNOW,
        ink=Ink((36, 38, 74), 3.2, 0.45),
        cast=(
            Figure(
                head=Head(
                    species="bear",
                    skin=(172, 122, 84),
                    hair=(226, 176, 140),
                    eyes="dot",
                    hat="beanie",
                    hat_color=(206, 70, 78),
                ),
                top=(172, 122, 84),
                shoes=(132, 88, 62),
                outfit="fur",
                scarf=(236, 184, 76),
                girth=1.35,
                height=236,
            ),
            Figure(
                head=Head(
                    species="rabbit",
                    skin=(244, 240, 242),
                    hair=(244, 176, 190),
                    eyes="tall",
                    iris=(190, 84, 110),
                ),
                top=(116, 150, 214),
                bottom=(90, 96, 160),
                shoes=(150, 100, 96),
                outfit="coat",
                scarf=(230, 96, 110),
                tail="rabbit",
                height=196,
            ),
        ),
        paints=(Paint((226, 96, 96), (90, 140, 214), (246, 206, 96)),),
        acts=("walk", "jump", "dialogue", "eat", "cartwheel", "run", "wave", "stroll"),
        original_size=(1280, 720),
    ),
    Film(
        number=3,
        title="Under the sea",
        place=places.SEA_BED,
        ink=Ink((18, 52, 86), 2.3, 0.35),
        cast=(),
        paints=(
            Paint((250, 150, 66), (255, 238, 214), (246, 206, 92)),
            Paint((250, 214, 92), (70, 110, 190), (240, 130, 90)),
            Paint((222, 104, 138), (248, 190, 196), (250, 120, 120)),
        ),
        acts=("swim", "octopus", "swim", "chase"),
    ),
    Film(
        number=4,
        title="A rainy day indoors",
        place=places.ROOM,
        ink=Ink((74, 42, 34), 2.1, 0.5),
        cast=(
            Figure(
                head=Head(
                    hair=(52, 46, 74),
                    hair_style="ponytail",
                    iris=(74, 150, 116),
                    hat_color=(240, 110, 120),
                    chin=0.65,
                ),
                top=(132, 176, 214),
                bottom=(96, 88, 140),
                shoes=(240, 236, 230),
                height=240,
            ),
            Figure(
                head=Head(species="cat", skin=(236, 168, 96), hair=(250, 200, 190), eyes="round"),
                top=(236, 168, 96),
                shoes=(250, 236, 216),
                outfit="fur",
                tail="cat",
                height=186,
            ),
        ),
        paints=(Paint((120, 170, 220), (250, 226, 160), (226, 110, 110)),),
        acts=("talk", "eat", "dialogue", "ball", "cheer", "fetch", "stroll", "wave"),
        original_size=(1280, 720),
    ),
    Film(
        number=5,
        title="Evening on the beach",
        place=places.BEACH,
        ink=Ink((66, 28, 62), 2.8, 0.3),
        cast=(
            Figure(
                head=Head(
                    hair=(110, 52, 70), hair_style="buns", skin=(236, 172, 130), iris=(150, 96, 60)
                ),
                top=(240, 110, 120),
                bottom=(250, 220, 150),
                outfit="dress",
                shoes=(196, 110, 80),
                height=226,
            ),
            Figure(
                head=Head(
                    hair=(250, 214, 120),
                    hair_style="spiky",
                    skin=(248, 196, 156),
                    eyes="dot",
                    chin=0.9,
                ),
                top=(94, 140, 190),
                bottom=(236, 226, 206),
                outfit="shirt",
                shoes=(190, 90, 84),
            ),
        ),
        paints=(
            Paint((244, 240, 236), (206, 204, 216), (246, 170, 70)),
            Paint((236, 92, 98), (90, 150, 210), (250, 206, 90)),
        ),
        acts=("run", "fly", "jump", "kick", "cartwheel", "walk", "talk", "ball"),
        grade=(255, 150, 110, 16),
    ),
)

TEST_FILMS = (
    Film(
        number=6,
        title="The fox and the girl in the autumn park",
        place=places.AUTUMN,
        ink=Ink((58, 32, 30), 2.6, 0.5),
        cast=(
            Figure(
                head=Head(
                    species="fox",
                    skin=(228, 126, 62),
                    hair=(92, 56, 48),
                    eyes="tall",
                    iris=(110, 150, 80),
                ),
                top=(78, 132, 122),
                bottom=(96, 76, 70),
                shoes=(92, 58, 50),
                outfit="coat",
                tail="fox",
                scarf=(240, 206, 120),
                height=222,
            ),
            Figure(
                head=Head(
                    hair=(196, 96, 56),
                    hair_style="buns",
                    iris=(86, 110, 60),
                    hat="beanie",
                    hat_color=(150, 90, 140),
                    chin=0.9,
                ),
                top=(170, 70, 84),
                bottom=(84, 76, 110),
                shoes=(120, 76, 60),
                outfit="coat",
                height=204,
            ),
        ),
        paints=(
            Paint((150, 112, 100), (92, 66, 66), (86, 150, 150)),
            Paint((200, 84, 76), (110, 76, 96), (242, 190, 90)),
        ),
        acts=("run", "dialogue", "walk", "dog", "eat", "jump", "wave", "fly", "stroll"),
    ),
    Film(
        number=7,
        title="On the roofs at night",
        place=places.NIGHT,
        ink=Ink((22, 14, 40), 2.2, 0.3),
        cast=(
            Figure(
                head=Head(
                    hair=(110, 150, 214),
                    hair_style="spiky",
                    iris=(170, 90, 170),
                    chin=0.6,
                    skin=(244, 206, 190),
                ),
                top=(84, 72, 132),
                bottom=(44, 42, 76),
                shoes=(230, 90, 110),
                height=250,
                head_size=0.94,
            ),
            Figure(
                head=Head(
                    species="cat",
                    skin=(80, 76, 106),
                    hair=(222, 140, 160),
                    eyes="tall",
                    iris=(226, 190, 70),
                ),
                top=(80, 76, 106),
                shoes=(236, 232, 236),
                outfit="fur",
                tail="cat",
                scarf=(226, 90, 96),
                height=190,
            ),
        ),
        paints=(
            Paint((226, 196, 90), (180, 120, 70), (250, 160, 80)),
            Paint((170, 110, 200), (110, 190, 200), (250, 130, 140)),
        ),
        acts=("jump", "talk", "run", "swing", "cartwheel", "dialogue", "balloon", "walk"),
        original_size=(1280, 720),
    ),
    Film(
        number=8,
        title="The robot drives through the desert",
        place=places.DESERT,
        ink=Ink((70, 44, 40), 3.0, 0.35),
        cast=(
            Figure(
                head=Head(
                    species="robot",
                    skin=(196, 214, 216),
                    iris=(140, 250, 220),
                    hat_color=(240, 110, 80),
                ),
                top=(110, 170, 176),
                bottom=(120, 134, 146),
                shoes=(96, 104, 120),
                outfit="overalls",
                height=220,
                girth=1.15,
            ),
            Figure(
                head=Head(
                    hair=(70, 44, 40),
                    hair_style="bob",
                    hat="cap",
                    hat_color=(236, 150, 70),
                    eyes="round",
                    skin=(206, 148, 108),
                    chin=0.85,
                ),
                top=(240, 230, 206),
                bottom=(150, 96, 76),
                shoes=(96, 66, 60),
                height=226,
            ),
        ),
        paints=(
            Paint((98, 176, 170), (250, 236, 206), (236, 190, 110)),
            Paint((236, 120, 76), (94, 170, 180), (250, 214, 120)),
        ),
        acts=("drive", "walk", "kick", "talk", "ball", "fetch", "cheer", "dialogue"),
    ),
)
