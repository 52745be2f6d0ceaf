"""Who there is in the demo. Names and addresses are invented; .example domains can not receive mail."""

from dataclasses import dataclass

from tenancy.models import Kind, Role


@dataclass(frozen=True)
class Org:
    code: str
    name: str
    kind: Kind
    time_zone: str
    reseller: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Somebody:
    """`key` is how the stories call them. Several entries with one e-mail address are one person with several roles."""

    key: str
    name: str
    email: str
    role: Role
    organisation: str


@dataclass(frozen=True)
class Key:
    """An API token. No scopes: all that its kind of organisation may have."""

    organisation: str
    name: str
    scopes: tuple[str, ...] = ()


ORGANISATIONS = [
    Org("ROZOOM", "roZoom", Kind.OPERATOR, "Europe/Berlin", phone="+1 555 010 0100"),
    Org("DELTA", "Delta Lift Partners", Kind.RESELLER, "Europe/Berlin", phone="+49 30 5550 120"),
    Org("NOVA", "Nova Systems", Kind.RESELLER, "America/Chicago", phone="+1 312 555 0140"),
    Org("ACME", "Acme Lifts", Kind.CUSTOMER, "Europe/Berlin", "DELTA"),
    Org("HARBOR", "Harbour Clinics", Kind.CUSTOMER, "Europe/London", "DELTA"),
    Org("POLAR", "Polar Cold Stores", Kind.CUSTOMER, "Europe/Helsinki", "DELTA"),
    Org("BOLT", "Bolt Works", Kind.CUSTOMER, "America/Chicago", "NOVA"),
    Org("SAKURA", "Sakura Rail", Kind.CUSTOMER, "Asia/Tokyo", "ROZOOM"),
    Org("FORGE", "Forge Drives", Kind.SUPPLIER, "Europe/Prague", phone="+420 2 5550 1330"),
]

PEOPLE = [
    Somebody("ilse", "Ilse Maurer", "ilse.maurer@acme.example", Role.MEMBER, "ACME"),
    Somebody("anton", "Anton Huber", "anton.huber@acme.example", Role.CUSTOMER_ADMINISTRATOR, "ACME"),
    Somebody("grace", "Grace Adeyemi", "grace.adeyemi@harbour.example", Role.MEMBER, "HARBOR"),
    Somebody("tom", "Tom Whitfield", "tom.whitfield@harbour.example", Role.CUSTOMER_ADMINISTRATOR, "HARBOR"),
    Somebody("aino", "Aino Virtanen", "aino.virtanen@polar.example", Role.MEMBER, "POLAR"),
    Somebody("juhani", "Juhani Laine", "juhani.laine@polar.example", Role.CUSTOMER_ADMINISTRATOR, "POLAR"),
    Somebody("maria", "María Castillo", "maria.castillo@bolt.example", Role.MEMBER, "BOLT"),
    Somebody("walt", "Walter Brooks", "walter.brooks@bolt.example", Role.CUSTOMER_ADMINISTRATOR, "BOLT"),
    Somebody("haruka", "Haruka Mori", "haruka.mori@sakura.example", Role.MEMBER, "SAKURA"),
    Somebody("daichi", "Daichi Ueda", "daichi.ueda@sakura.example", Role.CUSTOMER_ADMINISTRATOR, "SAKURA"),
    Somebody("dirk", "Dirk Brandt", "dirk.brandt@delta.example", Role.RESELLER_AGENT, "DELTA"),
    Somebody("dora", "Dora Keller", "dora.keller@delta.example", Role.RESELLER_MANAGER, "DELTA"),
    Somebody("nadia", "Nadia Haddad", "nadia.haddad@nova.example", Role.RESELLER_AGENT, "NOVA"),
    Somebody("noah", "Noah Reyes", "noah.reyes@nova.example", Role.RESELLER_MANAGER, "NOVA"),
    Somebody("marek", "Marek Novák", "marek.novak@rozoom.example", Role.AGENT, "ROZOOM"),
    Somebody("amina", "Amina Diallo", "amina.diallo@rozoom.example", Role.AGENT, "ROZOOM"),
    Somebody("kenji", "Kenji Sato", "kenji.sato@rozoom.example", Role.AGENT, "ROZOOM"),
    Somebody("lucia", "Lucia Ferrari", "lucia.ferrari@rozoom.example", Role.COORDINATOR, "ROZOOM"),
    Somebody("pieter", "Pieter de Vries", "pieter.devries@rozoom.example", Role.FINANCE, "ROZOOM"),
    Somebody("david", "David Okafor", "david.okafor@rozoom.example", Role.DUTY_MANAGER, "ROZOOM"),
    Somebody("sofia", "Sofia Lindqvist", "sofia.lindqvist@rozoom.example", Role.ADMINISTRATOR, "ROZOOM"),
    Somebody("petra", "Petra Svobodová", "petra.svobodova@forge.example", Role.CLERK, "FORGE"),
    # A consultant who works for two customers and switches between them.
    Somebody("jamie", "Jamie Chen", "jamie.chen@liftcare.example", Role.MEMBER, "ACME"),
    Somebody("jamie-bolt", "Jamie Chen", "jamie.chen@liftcare.example", Role.MEMBER, "BOLT"),
]

# Team: its lead, then everybody in it.
TEAMS = {
    "Drives": ("marek", ["marek", "kenji"]),
    "Doors and panels": ("amina", ["amina", "lucia"]),
    "Software": ("kenji", ["kenji", "amina"]),
}

READ_ONLY = ("tickets:read", "components:read")
TOKENS = [
    Key("ACME", "Building monitor"),
    Key("ACME", "Weekly report", READ_ONLY),
    Key("BOLT", "Plant monitor"),
    Key("DELTA", "Delta service desk"),
    Key("NOVA", "Nova service desk"),
    Key("FORGE", "Repair line"),
    Key("ROZOOM", "Integration with every right"),
    Key("ROZOOM", "Wallboard", READ_ONLY),
]
