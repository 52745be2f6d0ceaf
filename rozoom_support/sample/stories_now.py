"""Tickets whose first answer is still due, told through the services: their clocks run when the desk is opened."""

from rozoom_support.sample.files import display_photo, log
from rozoom_support.sample.story import (
    CRIPPLED,
    NUISANCE,
    STANDSTILL,
    UNSURE,
    WORKED_AROUND,
    Give,
    Move,
    Say,
    Story,
    ago,
)
from tickets.models import Channel, ServiceKind

STORIES = [
    Story(
        by="ilse", ago=ago(minutes=46), part="7F-2230", impact=STANDSTILL, error_code="E42", team="Drives",
        subject="Lift 2 stands still with people on level 0",
        text="Lift 2 stopped ten minutes ago and does not move. The display shows **E42**. It is the only step-free way to the "
        "platforms, so we had to close the entrance. Switching the drive off and on did not help.",
        files=[
            lambda at: display_photo("display.png", "E42"),
            lambda at: log("drive-2230.log", at, ["drive ready", "start up level -1", "overcurrent phase V", "brake closed",
                                                  "fault E42", "reset refused: E42"]),
        ],
    ),
    Story(
        by="grace", ago=ago(hours=4, minutes=35), part="DK2-0377", impact=UNSURE, team="Doors and panels",
        subject="Bed lift door opens and closes without end on ward 3",
        text="The door of bed lift B opens again each time it has nearly closed. We move beds with lift A for now, "
        "which takes twice as long. Nobody knows whether it will hold through the night.",
        steps=[
            Give(ago(hours=4, minutes=5), "lucia", "amina"),
            Say(ago(hours=3, minutes=50), "amina", "Same picture as HARBOR in spring: the light curtain lost its setting after "
                "the power cut. Needs the values of the ward 3 door.", kind="internal"),
        ],
    ),
    Story(
        by="maria", ago=ago(hours=3, minutes=18), part="7F-2190", impact=CRIPPLED, error_code="W17", team="Drives",
        subject="Car 5 crawls and shows W17",
        text="Since the last start car 5 runs at walking pace and shows W17. Cars 1 to 4 carry the rest; people wait up to "
        "ten minutes. No change after a restart.",
        steps=[
            Give(ago(hours=2, minutes=50), "kenji", "kenji"),
            Say(ago(hours=2, minutes=40), "nadia", "Walter told me on the phone that the machine room has 41 degrees. "
                "The fan may be the cause.", kind="partner"),
        ],
    ),
    Story(
        by="aino", ago=ago(hours=1, minutes=12), part="7F-2055", impact=CRIPPLED, tags=["cold-store"],
        subject="Pallet lift 1 stops between levels every third run",
        text="Pallet lift 1 stops between level 1 and 2 about every third run. We send a person along who presses reset. "
        "The other pallet lift works.",
        steps=[
            Give(ago(hours=1), "dora", "dirk"),
            Say(ago(minutes=48), "dirk", "I can be at the site tomorrow at 08:00 with a spare encoder. Do you want to see the "
                "log first?", kind="partner"),
        ],
    ),
    Story(
        by="haruka", ago=ago(minutes=2), part="CP3-3050", impact=NUISANCE, team="Doors and panels",
        subject="Floor announcement speaks the wrong level",
        text="Platform lift 7 announces \"B2\" when it stands on B1. The display is right. Passengers have asked the staff "
        "about it several times today.",
    ),
    Story(
        by="anton", ago=ago(hours=5, minutes=25), part="GW4-1109", impact=NUISANCE, service_kind=ServiceKind.DIAGNOSIS,
        subject="Gateway reports lift 3 as offline, although it runs",
        text="Since the gateway was started again, Fleet Monitor shows lift 3 as offline. The lift itself runs. "
        "The lamp LINK 3 on the gateway is off.",
        doubt="If lift 3 fails now we will not be told. That is more than a nuisance to us.",
    ),
    Story(
        by="walt", ago=ago(hours=19, minutes=40), part="FM-BOLT-1", impact=WORKED_AROUND, team="Software",
        service_kind=ServiceKind.SOFTWARE,
        subject="Monthly report of Fleet Monitor is empty",
        text="The report for last month has only headings. The daily reports are complete, so we add them up by hand.",
    ),
    Story(
        by="dirk", customer="HARBOR", ago=ago(hours=2, minutes=5), part="CP3-2988", impact=NUISANCE, channel=Channel.PHONE,
        subject="Visitors' lift: key 4 has to be pressed hard",
        text="Niamh Byrne called: key 4 of the cabin panel works only when it is pressed hard. All other keys are fine.",
    ),
    Story(
        by="daichi", ago=ago(hours=9), part="DCFW-SAK-1", impact=NUISANCE, service_kind=ServiceKind.SOFTWARE, team="Software",
        subject="Which firmware fits the older brake module?",
        text="We want to take the test rig to drive firmware 4.2. Its brake module is of 2019. May we install 4.2, or has it "
        "to be 4.1?",
    ),
    Story(
        by="jamie", ago=ago(minutes=31), part="7F-2231", impact=WORKED_AROUND,
        subject="Lift 3 stops with a jolt on level 2",
        text="On level 2 lift 3 stops about 2 cm too low and then levels with a jolt. The other levels are smooth.",
    ),
    Story(
        by="grace", ago=ago(hours=7), place="St. Brigid Hospital", impact=NUISANCE,
        subject="Test of the new account",
        text="I try out how to report something.",
        steps=[Move(ago(hours=6, minutes=50), "grace", "withdraw", {"reason": "This was only a test."})],
    ),
]  # fmt: skip

# Reported twice: the second is merged into the first, which is told as one of the stories above.
TWIN = Story(
    by="anton", ago=ago(minutes=40), part="7F-2230", impact=STANDSTILL, error_code="E42",
    subject="Hauptbahnhof: lift out of order",
    text="Passengers tell us that the lift at the main entrance is out of order.",
)  # fmt: skip
TWIN_OF = "Lift 2 stands still with people on level 0"
TWIN_MERGED_AFTER = ago(minutes=36)
