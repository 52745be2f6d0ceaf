"""Tickets that were answered: at work, waiting, solved, closed. Written as the past they are, with the clocks of that time."""

from typing import Any

from rozoom_support.sample.files import display_photo, log, report
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

THANKS = "That did it, thank you."

AT_WORK = [
    Story(
        by="ilse", ago=ago(days=3, hours=2), part="DK2-0418", impact=CRIPPLED, team="Doors and panels", tags=["doors"],
        subject="Door of lift 2 does not close when it is cold",
        text="Below about 3 degrees the landing door on level 0 stays open. We warm the rail with a lamp, which can not stay.",
        steps=[
            Say(ago(days=3, minutes=30), "amina", "Good morning Ilse. I think of the grease in the upper rail, which gets stiff. "
                "Can you send me the value *door force* from the controller's menu 7?", then="wait"),
            Give(ago(days=3, minutes=29), "amina", "amina"),
            Say(ago(days=2, hours=20), "ilse", "Door force is 148. Photo of the display attached.",
                files=[lambda at: display_photo("menu-7.png", "148")]),
            Say(ago(days=2, hours=19), "amina", "148 is at the limit; 150 means it gives up. Dirk comes on Thursday "
                "with the winter grease and sets it to 120. Until then raise the limit to 160 in menu 7; "
                "that is safe for a few days."),
            Say(ago(days=2, hours=18), "amina", "Delta: order 4411-W, not 4411. The old one caused this in Hamburg.",
                kind="partner"),
            Say(ago(minutes=38), "ilse", "Dirk was here and cleaned the rail. At 1 degree it stayed open again, "
                "although the force is 118. What now?"),
        ],
    ),
    Story(
        by="maria", ago=ago(days=1, hours=6), part="GW4-1101", impact=WORKED_AROUND, team="Software",
        service_kind=ServiceKind.DIAGNOSIS,
        subject="Gateway loses its connection every night at 02:00",
        text="At 02:00 the gateway drops off for about four minutes. Alarms of that time reach us late.",
        steps=[
            Say(ago(days=1, hours=2), "kenji", "Hello María. 02:00 is when your firewall renews its lease. Would you send us the "
                "gateway's log of one night?"),
            Give(ago(days=1, hours=2), "kenji", "kenji"),
            Say(ago(hours=5), "maria", "Here it is. You can see the gap.",
                files=[lambda at: log("gateway-night.log", at, ["heartbeat 881", "heartbeat 882", "dhcp: lease lost",
                                                                "uplink down", "uplink up", "heartbeat 1"])]),
            Say(ago(hours=4, minutes=30), "kenji", "That is it: the lease ends before it is renewed. Give the gateway a fixed "
                "address, and the gap is gone. I stay with you until a night has passed."),
        ],
    ),
    Story(
        by="tom", ago=ago(days=2, hours=4), place="Quay Clinic Dublin", impact=NUISANCE,
        subject="Two people can not see the Dublin site",
        text="Niamh Byrne and Sean Walsh see Bristol in Fleet Monitor, but not Dublin.",
        steps=[
            Say(ago(days=1, hours=22), "lucia", "Hello Tom. I look at their rights today."),
            Give(ago(days=1, hours=22), "lucia", "lucia"),
            Say(ago(days=1, hours=20), "lucia", "Ask finance whether Dublin is on the same agreement before we open it.",
                kind="internal"),
        ],
    ),
    Story(
        by="juhani", ago=ago(days=5), part="GW4-1077", impact=NUISANCE, tags=["cold-store"],
        subject="Battery warning of the gateway",
        text="The gateway shows BATT. It runs. How urgent is it?",
        steps=[
            Say(ago(days=4, hours=18), "marek", "Hello Juhani. It only matters in a power cut: without the battery the gateway "
                "is off until power returns. We change it at the next visit in two weeks."),
            Give(ago(days=4, hours=18), "marek", "marek"),
        ],
    ),
]  # fmt: skip

WAITING = [
    Story(
        by="haruka", ago=ago(days=2, hours=7), part="7F-2215", impact=CRIPPLED, team="Drives", error_code="E07",
        subject="E07 after the night shutdown",
        text="Each morning platform lift 7 starts with E07. After a second start it runs the whole day.",
        steps=[
            Say(ago(days=2, hours=4, minutes=15), "kenji", "Good morning Mori-san. E07 is the brake check. Would you measure the "
                "supply voltage in the first minute after the start?", then="wait"),
            Give(ago(days=2, hours=4), "kenji", "kenji"),
        ],
    ),
    Story(
        by="ilse", ago=ago(days=1, hours=4), part="CP3-3021", impact=NUISANCE, team="Doors and panels",
        subject="New names of the halls on the cabin panel",
        text="From 1 January hall A4 is called *Elbe* and hall B2 *Alster*. Can the panel show that?",
        steps=[
            Say(ago(hours=23), "amina", "Hello Ilse, yes. Two questions: in German only, or in English as well? And may we do it "
                "on 30 December, after 18:00?", then="wait"),
            Give(ago(hours=23), "amina", "amina"),
        ],
    ),
    Story(
        by="walt", ago=ago(days=6), part="DK2-0391", impact=WORKED_AROUND, service_kind=ServiceKind.HARDWARE,
        subject="Door controller at dock 2 smells of burning",
        text="We switched it off at once. Goods go through dock 1 for now.",
        steps=[
            Say(ago(days=5, hours=23), "marek", "Right to switch it off. Leave it off. We ask the maker of the relay whether the "
                "series of 2025 is affected and tell you what we do."),
            Give(ago(days=5, hours=23), "marek", "marek"),
            Move(ago(days=5, hours=22), "marek", "wait", {"turn": "supplier"}),
            Say(ago(days=5, hours=21), "marek", "Third relay of this series. Tell purchasing.", kind="internal"),
        ],
    ),
    Story(
        by="aino", ago=ago(days=4, hours=3), part="DK2-0402", impact=NUISANCE, tags=["cold-store", "doors"],
        subject="Airlock door hums",
        text="The airlock door hums when it stands open. It closes well.",
        steps=[
            Say(ago(days=3, hours=20), "dirk", "Hello Aino, I listen to it when I am there on Monday."),
            Say(ago(days=3, hours=19), "amina", "Hello Aino. Dirk looks at the motor mount on Monday; it is most likely a loose "
                "screw. Tell us if it gets louder."),
            Move(ago(days=3, hours=19), "amina", "wait", {"turn": "reseller"}),
        ],
    ),
    Story(
        by="marek", customer="SAKURA", ago=ago(days=1, hours=20), place="Osaka depot", impact=NUISANCE, channel=Channel.PHONE,
        subject="Training date for the depot team",
        text="Ren Takahashi called and asks for a training day on drive firmware 4 for six people in January.",
        steps=[Say(ago(days=1, hours=19), "lucia", "We can offer 14 or 21 January, 09:00 to 16:00 in Osaka. Which day suits "
                   "you?", then="wait")],
    ),
]  # fmt: skip

SOLVED = [
    Story(
        by="anton", ago=ago(days=8, hours=5), part="FM-ACME-1", impact=NUISANCE, team="Software",
        service_kind=ServiceKind.SOFTWARE,
        subject="Times in the log are one hour off",
        text="Since the change to winter time the log of Fleet Monitor is one hour ahead.",
        steps=[
            Say(ago(days=8), "kenji", "Hello Anton. Fleet Monitor 3.4 knows the new rule. I have updated your server; the log of "
                "today is right.", then="resolve"),
        ],
    ),
    Story(
        by="grace", ago=ago(days=4, hours=8), part="7F-2107", impact=STANDSTILL, team="Drives", error_code="E31",
        subject="Bed lift B does not start, E31",
        text="Bed lift B does not start and shows E31. Theatre patients have to be carried. Lift A is in service work today.",
        steps=[
            Give(ago(days=4, hours=7, minutes=48), "marek", "marek"),
            Say(ago(days=4, hours=7, minutes=41), "marek", "Grace, I am on it. E31 is the safety chain. Is the hatch on the roof "
                "closed? A person from lift A may have opened it."),
            Say(ago(days=4, hours=7, minutes=30), "grace", "The hatch was open! Closed now, and it still shows E31."),
            Say(ago(days=4, hours=7, minutes=22), "marek", "Now hold *reset* for five seconds, with nobody in the cabin."),
            Say(ago(days=4, hours=7, minutes=15), "grace", "It runs. Theatre thanks you."),
            Say(ago(days=4, hours=7, minutes=5), "marek", "Good. I leave this open until tomorrow and then mark it as solved.",
                then="resolve"),
        ],
    ),
    Story(
        by="maria", ago=ago(days=10), part="7F-2191", impact=UNSURE, team="Drives",
        subject="Car 6 vibrates on the way up",
        text="Strong vibration above level 20. Some people leave the car early.",
        steps=[
            Say(ago(days=9, hours=19), "kenji", "Hello María. We are late, I apologise. Would you check the guide shoes? "
                "Nadia can bring a set tomorrow."),
            Say(ago(days=8, hours=20), "maria", "Nadia changed them. It is smooth now."),
            Say(ago(days=8, hours=19), "kenji", "Good to hear.", then="resolve"),
        ],
    ),
    Story(
        by="haruka", ago=ago(days=6, hours=2), part="CP3-3050", impact=NUISANCE,
        subject="English text of the cabin panel",
        text="Can the panel show \"Platform\" instead of \"Level\"?",
        steps=[
            Say(ago(days=5, hours=10), "amina", "Yes: menu 3, *words*, choice 2. Tell us if you want other words, too.",
                then="resolve"),
        ],
    ),
]  # fmt: skip


def closed(by: str, days: float, subject: str, text: str, answer: str, who: str, after: float, **more: Any) -> Story:
    """A short one: reported, answered `after` hours later, confirmed and closed."""
    reported = ago(days=days)
    steps: list[Say | Give | Move] = [
        Say(reported - ago(hours=after), who, answer),
        Give(reported - ago(hours=after), who, who),
        Say(reported - ago(hours=after + 3), by, THANKS),
        Say(reported - ago(hours=after + 3.5), who, "Glad to help. We close this then.", then="resolve"),
        Move(reported - ago(hours=after + 20), by, "close"),
    ]
    more.setdefault("impact", NUISANCE)
    return Story(by=by, ago=reported, subject=subject, text=text, steps=steps, **more)


CLOSED = [
    closed("ilse", 16, "Lift 3 skips level 1", "Lift 3 does not stop on level 1, although it is pressed.",
           "Level 1 was locked in menu 5. I unlocked it through the gateway.", "marek", 2.4, part="7F-2231", impact=CRIPPLED),
    closed("anton", 24, "New colleague needs access", "Petra Vogel starts on Monday and reports for us.",
           "You can invite her yourself under People. I have sent you the steps.", "lucia", 5),
    closed("ilse", 33, "Display of lift 2 stays dark", "The display on level 0 is dark.",
           "A loose plug behind the panel: press it in until it clicks.", "amina", 1.2, part="DK2-0418"),
    closed("anton", 47, "Complete loss after the power cut", "After the power cut none of the lifts starts.",
           "Hold *reset* on the gateway for ten seconds; it waits for the generator.", "marek", 0.6, part="GW4-1109",
           impact=STANDSTILL),
    closed("grace", 21, "Bed lift announces in Welsh", "The voice of bed lift B speaks Welsh since the update.",
           "Menu 2, *voice*, choice 1 brings English back.", "amina", 7, part="7F-2107"),
    closed("tom", 38, "Invoice shows the wrong site", "The invoice of September names Dublin, the work was in Bristol.",
           "You are right. The corrected invoice is on its way.", "lucia", 20),
    closed("grace", 55, "Lift B stops at ward 3 only", "Bed lift B stops at ward 3 and nowhere else.",
           "The fire panel held it there. Reset the panel, then the lift is free.", "marek", 3.1, part="7F-2107",
           impact=CRIPPLED),
    closed("aino", 19, "Frost on the encoder", "The encoder of pallet lift 1 is white with frost.",
           "Fit the heating sleeve 4290; Dirk has one in stock.", "kenji", 6, part="7F-2055", impact=WORKED_AROUND),
    closed("juhani", 42, "Alarm mails come twice", "We get each alarm mail two times.",
           "Two rules named the same people. I removed one.", "kenji", 11, part="GW4-1077"),
    closed("maria", 15, "Car 5 forgets its home level", "At night car 5 waits on 40 instead of the lobby.",
           "Menu 4, *home*, was set to 40 by the last service. It is the lobby again.", "kenji", 26, part="7F-2190"),
    closed("walt", 28, "Goods lift refuses full load", "Dock 2 refuses 900 kg; it should lift 1,000.",
           "The load cell needs a new zero. Nadia does that in ten minutes.", "marek", 3.5, part="DK2-0391", impact=CRIPPLED),
    closed("maria", 61, "Fleet Monitor asks for a licence", "Fleet Monitor asks for a new licence at each start.",
           "The file was of the trial. The right one is attached to your account now.", "lucia", 9, part="FM-BOLT-1",
           service_kind=ServiceKind.SOFTWARE),
    closed("haruka", 30, "Lift 7 opens on the wrong side", "On B1 the door opens on the track side.",
           "Stop using it at once. The sides were swapped in menu 6; I have set them right, check with nobody in the cabin.",
           "marek", 0.4, part="7F-2215", impact=STANDSTILL),
    closed("daichi", 72, "Question on spare parts", "Which spare parts should the depot keep?",
           "One DC-7, two relays 4407 and a cabin panel. The list is attached.", "amina", 12, place="Osaka depot"),
]  # fmt: skip

WITH_REPORT = Story(
    by="ilse", ago=ago(days=12), part="7F-1984", impact=CRIPPLED, team="Drives", service_kind=ServiceKind.HARDWARE,
    subject="Goods lift in hall A4 loses its position",
    text="After about fifty runs the lift no longer knows where it is and drives to the pit at crawl speed.",
    steps=[
        Say(ago(days=11, hours=22), "marek", "Hello Ilse. That is the encoder belt. Dirk checks it today and sends his "
            "report here."),
        Give(ago(days=11, hours=22), "marek", "marek"),
        Say(ago(days=11, hours=2), "dirk", "The belt had lost two teeth. Changed, 200 runs without a fault. Report attached.",
            files=[lambda at: report("service-report.pdf", ["Delta Lift Partners", "Service report: goods lift, hall A4",
                                                            "Found: encoder belt lost two teeth", "Done: belt 4312 changed",
                                                            "Test: 200 runs without a fault"])]),
        Say(ago(days=11), "dirk", "The pulley is worn, too. I would change it with the next service and not charge the trip.",
            kind="partner"),
        Say(ago(days=10, hours=20), "marek", "Thank you, Dirk. Ilse, this is done.", then="resolve"),
        Move(ago(days=9), "ilse", "close"),
    ],
)  # fmt: skip

STORIES = [*AT_WORK, *WAITING, *SOLVED, *CLOSED, WITH_REPORT]
