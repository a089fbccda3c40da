"""What the other six sell, and some more of Tom's and Beth's."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from listings.demo import drawings, more_drawings
from listings.demo.items import AMIRA, BETH, CARLOS, DANA, HIRO, INES, JOE, TOM, Item, varied
from listings.models import Listing

_NEW = Listing.Condition.NEW
_LIKE_NEW = Listing.Condition.LIKE_NEW
_GOOD = Listing.Condition.GOOD
_WORN = Listing.Condition.WORN
_BROKEN = Listing.Condition.BROKEN

MORE_ITEMS: Final = (
    Item(
        "C6EP3", AMIRA, "Two-seat sofa, slate blue", Decimal(420), "furniture",
        _GOOD, "Oakland, CA", timedelta(hours=1, minutes=4),
        more_drawings.sofa,
        "Sits firm, sleeps one if the guest is not too tall. Covers come off and went through "
        "the wash last week. One leg was glued and has held for years.\n\n"
        "Third floor with an elevator.",
        is_negotiable=True,
    ),
    Item(
        "WK5DM", HIRO, "Espresso machine with milk frother", Decimal(160), "kitchen-home",
        _GOOD, "Daly City, CA", timedelta(hours=3, minutes=3),
        more_drawings.coffee_machine,
        "Fifteen bar, descaled every other month. Makes better coffee than the place "
        "downstairs. We switched to tea, do not ask.",
    ),
    Item(
        "ZJ834", CARLOS, "13-inch laptop, 16 GB, fresh battery", Decimal(390), "computers-phones",
        _GOOD, "Sunnyvale, CA", timedelta(hours=4, minutes=27),
        more_drawings.laptop,
        "Battery replaced in June, holds six hours. Wiped and set up anew, you start it with "
        "your own name. A key cap has a worn letter.",
        is_negotiable=True,
    ),
    Item(
        "F494K", DANA, "Four-person tent, used one summer", Decimal(130), "outdoors-sports",
        _LIKE_NEW, "Sacramento, CA", timedelta(hours=6, minutes=27),
        more_drawings.tent,
        "Up in ten minutes. Dry after two nights of rain in the Sierra. All pegs there, two are "
        "bent.",
    ),
    Item(
        "3WM59", INES, "Refractor telescope on tripod", Decimal(210), "cameras",
        _GOOD, "Santa Cruz, CA", timedelta(hours=7, minutes=40),
        more_drawings.telescope,
        "70 mm, shows the rings of Saturn on a clear night. Three eyepieces and a moon filter. "
        "Come by after dark and try it on the cliff.",
        is_negotiable=True,
    ),
    Item(
        "PM3MM", JOE, "Snare drum, red, with stand", Decimal(145), "music-audio",
        _GOOD, "Clovis, CA", timedelta(hours=10, minutes=25),
        more_drawings.drum,
        "Maple shell, new head, tight wires. Stand and a pair of sticks go with it. The "
        "neighbours send their regards.",
    ),
    Item(
        "393KX", AMIRA, "Dollhouse with furniture", Decimal(75), "kids-toys",
        _GOOD, "Oakland, CA", timedelta(hours=12, minutes=8),
        more_drawings.dollhouse,
        "Built by a grandfather who meant it. Four rooms, working door, bed and two chairs. "
        "Roof lifts off.",
    ),
    Item(
        "BF6K5", HIRO, "Over-ear headphones, noise cancelling", Decimal(120), "music-audio",
        _LIKE_NEW, "Daly City, CA", timedelta(hours=14, minutes=36),
        more_drawings.headphones,
        "Quiet on the train, thirty hours from one charge. Case and cable included. Ear pads "
        "are new.",
        is_negotiable=True,
    ),
    Item(
        "BKWQ7", DANA, "Wool rug, red, 5 by 8 feet", Decimal(180), "furniture",
        _GOOD, "Folsom, CA", timedelta(hours=17, minutes=6),
        more_drawings.rug,
        "Hand-knotted, bought on a market long ago. Professionally cleaned in spring. The "
        "fringe is thin on one short side.",
        is_negotiable=True,
    ),
    Item(
        "MMP8D", CARLOS, "City bike, blue, 58 cm", Decimal(220), "bikes",
        _GOOD, "San Jose, CA", timedelta(hours=20, minutes=6),
        varied(drawings.bicycle, 140),
        "For tall people. Eight gears, lights that work from the hub, lock included. Rear tire "
        "is new, front tire has one more year.",
    ),
    Item(
        "KR4M3", INES, "Hiking backpack, 45 liters", Decimal(60), "outdoors-sports",
        _GOOD, "Santa Cruz, CA", timedelta(hours=22, minutes=39),
        more_drawings.backpack,
        "Carried me along the coast for nine days. Rain cover in the bottom pocket. One zipper "
        "pull is a piece of cord now, which works better.",
    ),
    Item(
        "8HQKF", JOE, "Wooden step ladder, six rungs", Decimal(35), "garden-plants",
        _WORN, "Clovis, CA", timedelta(hours=26, minutes=49),
        more_drawings.ladder,
        "Paint of three houses on it, stands like a rock. Too long for my new car.",
    ),
    Item(
        "DB9V7", AMIRA, "Purple armchair with reading lamp", Decimal(150), "furniture",
        _GOOD, "Oakland, CA", timedelta(hours=28, minutes=44),
        varied(drawings.armchair, 100, mirrored=True),
        "Both or none, they have been together too long. Lamp has a dimmer. No pets, one child, "
        "long grown up.",
        Listing.State.RESERVED,
        is_negotiable=True,
    ),
    Item(
        "T94MB", DANA, "Stand mixer, blue, with pasta roller", Decimal(190), "kitchen-home",
        _LIKE_NEW, "Davis, CA", timedelta(hours=31, minutes=33),
        varied(drawings.stand_mixer, 150, mirrored=True),
        "Used for one Christmas. The pasta roller alone costs half of this. Recipe for "
        "tagliatelle on request.",
    ),
    Item(
        "BN45J", HIRO, "Sea-blue vase, hand-thrown", Decimal(28), "kitchen-home",
        _NEW, "San Francisco, CA", timedelta(hours=34, minutes=26),
        more_drawings.vase,
        "From a friend's kiln, signed below. Holds water, I tried. Flowers not included.",
    ),
    Item(
        "7TC6Z", CARLOS, "Film camera, all black, with flash", Decimal(165), "cameras",
        _GOOD, "San Jose, CA", timedelta(hours=38, minutes=31),
        varied(drawings.film_camera, 60, mirrored=True),
        "Everything works, light seals renewed. The flash fires, the leather case has seen "
        "rain.",
        is_negotiable=True,
    ),
    Item(
        "F3Q4T", INES, "Longboard, barely used", Decimal(70), "outdoors-sports",
        _LIKE_NEW, "Santa Cruz, CA", timedelta(hours=41, minutes=35),
        varied(drawings.skateboard, 90, mirrored=True),
        "Smooth wheels, smooth street, one fall. I keep the helmet, you bring yours.",
    ),
    Item(
        "MVG4W", JOE, "Acoustic guitar for a beginner", Decimal(90), "music-audio",
        _WORN, "Clovis, CA", timedelta(hours=46, minutes=5),
        varied(drawings.guitar, 20, mirrored=True),
        "Honest plywood with a friendly sound. Has been to many campfires and smells like two "
        "of them. Gig bag included.",
        is_negotiable=True,
    ),
    Item(
        "AHRQ4", TOM, "Electric kettle, stainless steel", Decimal(22), "kitchen-home",
        _GOOD, "San Rafael, CA", timedelta(hours=50, minutes=3),
        more_drawings.kettle,
        "Boils a liter in three minutes, switches itself off. We got one with a thermometer.",
    ),
    Item(
        "EYQD2", BETH, "Wooden train, blue edition, big box", Decimal(39), "kids-toys",
        _GOOD, "Turlock, CA", timedelta(hours=52, minutes=29),
        varied(drawings.wooden_train, 130, mirrored=True),
        "Twenty-two pieces of track, a bridge and two engines. Fits the common wooden systems.",
    ),
    Item(
        "D7N5H", AMIRA, "Free: moving boxes, about thirty", Decimal(0), "furniture",
        _WORN, "Alameda, CA", timedelta(hours=55, minutes=3),
        varied(drawings.bookshelf, 40),
        "Flat and dry. Take all of them, please. First come, first served, they stand in the "
        "hall.",
    ),
    Item(
        "8TB6S", DANA, "Record player, blue, serviced", Decimal(135), "music-audio",
        _GOOD, "Sacramento, CA", timedelta(hours=60, minutes=15),
        varied(drawings.record_player, 140, mirrored=True),
        "New belt, new needle, runs at the right speed. I can play you a side before you "
        "decide.",
        is_negotiable=True,
    ),
    Item(
        "47GEK", HIRO, "Office laptop, 15-inch, for parts", Decimal(45), "computers-phones",
        _BROKEN, "San Francisco, CA", timedelta(hours=64, minutes=17),
        varied(more_drawings.laptop, 60, mirrored=True),
        "Coffee. The screen and the memory are fine, the keyboard is not. No charger.",
    ),
    Item(
        "Y6WFX", CARLOS, "Road bike, red frame, carbon fork", Decimal(540), "bikes",
        _LIKE_NEW, "Sunnyvale, CA", timedelta(hours=70, minutes=35),
        varied(drawings.bicycle, 230, mirrored=True),
        "Eleven gears behind, two in front. Serviced in October, receipt is there. Pedals are "
        "yours to choose.",
        is_negotiable=True,
    ),
    Item(
        "YE964", INES, "Monstera cutting in a clay pot", Decimal(12), "garden-plants",
        _NEW, "Santa Cruz, CA", timedelta(hours=74, minutes=11),
        varied(drawings.monstera, 10, mirrored=True),
        "Three leaves and ambitions. Rooted in September.",
    ),
    Item(
        "69Q92", JOE, "Brass lamp with green shade", Decimal(44), "kitchen-home",
        _GOOD, "Clovis, CA", timedelta(hours=80, minutes=31),
        varied(drawings.desk_lamp, 70, mirrored=True),
        "Bankers had them, then my aunt. New plug, old switch.",
    ),
    Item(
        "WM7AB", AMIRA, "Oak table, extends to eight seats", Decimal(380), "furniture",
        _GOOD, "Alameda, CA", timedelta(hours=85, minutes=0),
        varied(drawings.oak_table, 8, mirrored=True),
        "One leaf hides below the top. A few knife marks from an enthusiastic cook, which "
        "sanding would take out.",
        Listing.State.RESERVED,
        is_negotiable=True,
    ),
    Item(
        "6FKDN", DANA, "Family tent, green, two rooms", Decimal(175), "outdoors-sports",
        _GOOD, "Sacramento, CA", timedelta(hours=92, minutes=36),
        varied(more_drawings.tent, 70, mirrored=True),
        "Sleeps six who like each other. Heavy, so for the car, not for the trail. Seams were "
        "sealed this year.",
    ),
    Item(
        "C6RXJ", HIRO, "Typewriter, red, with carrying case", Decimal(145), "collectibles",
        _GOOD, "San Francisco, CA", timedelta(hours=99, minutes=39),
        varied(drawings.typewriter, 170, mirrored=True),
        "Types cleanly, the bell still rings. Two fresh ribbons. I wrote one love letter on it "
        "and it worked.",
        is_negotiable=True,
    ),
    Item(
        "PQS3G", CARLOS, "Studio headphones, wired", Decimal(65), "music-audio",
        _GOOD, "Sunnyvale, CA", timedelta(hours=108, minutes=57),
        varied(more_drawings.headphones, 120, mirrored=True),
        "Honest sound for mixing. Long coiled cable, adapter included.",
    ),
    Item(
        "5HPE3", INES, "Sea kayak, orange, 13 feet", Decimal(980), "outdoors-sports",
        _GOOD, "Santa Cruz, CA", timedelta(hours=118, minutes=12),
        varied(drawings.kayak, 200, mirrored=True),
        "Light enough to carry alone. Hatches are dry, rudder was renewed. Try it in the harbor "
        "any morning.",
        is_negotiable=True,
    ),
    Item(
        "48G75", JOE, "Sewing machine, works like new", Decimal(85), "kitchen-home",
        _GOOD, "Clovis, CA", timedelta(hours=126, minutes=21),
        varied(drawings.sewing_machine, 120, mirrored=True),
        "Oiled and adjusted by somebody who knows how. Zigzag, buttonholes, patience.",
    ),
    Item(
        "N352M", TOM, "Bookshelf, walnut color, five boards", Decimal(60), "furniture",
        _GOOD, "Sausalito, CA", timedelta(hours=131, minutes=9),
        varied(drawings.bookshelf, 15, mirrored=True),
        "Seventy-six inches high. Screws and one spare board are in a bag. Needs two to carry.",
        is_negotiable=True,
    ),
    Item(
        "K5DN2", BETH, "Trail boots, men's 10, hardly worn", Decimal(80), "outdoors-sports",
        _LIKE_NEW, "Modesto, CA", timedelta(hours=140, minutes=4),
        varied(drawings.hiking_boots, 100, mirrored=True),
        "Half a size too small, as I learned on the first hill. Laces are new.",
        Listing.State.SOLD,
    ),
    Item(
        "X8NE6", AMIRA, "Blue rug with diamonds, 4 by 6", Decimal(95), "furniture",
        _GOOD, "Berkeley, CA", timedelta(hours=150, minutes=40),
        varied(more_drawings.rug, 150),
        "Flat weave, both sides good. Smells of nothing.",
    ),
    Item(
        "55XHG", DANA, "Espresso machine, red, needs a seal", Decimal(40), "kitchen-home",
        _BROKEN, "Folsom, CA", timedelta(hours=161, minutes=30),
        varied(more_drawings.coffee_machine, 5, mirrored=True),
        "Drips at the group head: a rubber ring for five dollars and half an hour. I lack the "
        "half hour.",
    ),
    Item(
        "HB465", HIRO, "Three-seat sofa, olive", Decimal(350), "furniture",
        _GOOD, "San Francisco, CA", timedelta(hours=170, minutes=47),
        varied(more_drawings.sofa, 210, mirrored=True),
        "Deep, soft and too large for the new flat. Bring a van and a friend, the stairs are "
        "wide.",
        is_negotiable=True,
    ),
    Item(
        "R7J28", CARLOS, "Skateboard deck with trucks, purple", Decimal(48), "outdoors-sports",
        _GOOD, "Santa Clara, CA", timedelta(hours=182, minutes=33),
        varied(drawings.skateboard, 200),
        "Wheels have two summers left. Bearings cleaned.",
    ),
    Item(
        "D6RKZ", INES, "Dollhouse, blue roof, empty", Decimal(35), "kids-toys",
        _WORN, "Santa Cruz, CA", timedelta(hours=195, minutes=1),
        varied(more_drawings.dollhouse, 140, mirrored=True),
        "Wants paint and a new family. Walls are straight, one window lost its cross.",
    ),
    Item(
        "4RXAJ", JOE, "Telescope for children, table model", Decimal(50), "cameras",
        _GOOD, "Clovis, CA", timedelta(hours=210, minutes=23),
        varied(more_drawings.telescope, 30, mirrored=True),
        "Shows the moon so that they gasp. Tripod for the table, two eyepieces.",
        is_negotiable=True,
    ),
    Item(
        "Z7DT9", TOM, "School backpack, purple", Decimal(18), "kids-toys",
        _GOOD, "Mill Valley, CA", timedelta(hours=228, minutes=34),
        varied(more_drawings.backpack, 90, mirrored=True),
        "Washed twice. Reflectors all around, padded back.",
    ),
    Item(
        "9NVVT", BETH, "Drum for the school band, blue", Decimal(110), "music-audio",
        _GOOD, "Ceres, CA", timedelta(hours=245, minutes=54),
        varied(more_drawings.drum, 150, mirrored=True),
        "Carrying strap and sticks included. The band has bought new ones.",
    ),
    Item(
        "8V9WE", AMIRA, "Armchair, red, from a hotel lobby", Decimal(260), "furniture",
        _GOOD, "Oakland, CA", timedelta(hours=270, minutes=47),
        varied(drawings.armchair, 130),
        "Built to be sat in for twenty years, and only twelve have passed. Swivels.",
        Listing.State.SOLD,
        is_negotiable=True,
    ),
    Item(
        "V98JH", DANA, "Aluminum ladder, light", Decimal(55), "garden-plants",
        _GOOD, "Davis, CA", timedelta(hours=300, minutes=22),
        varied(more_drawings.ladder, 120, mirrored=True),
        "Eleven pounds. Feet with fresh rubber. Reaches the gutters of a one-story house.",
    ),
)  # fmt: skip
