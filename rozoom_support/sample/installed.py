"""What roZoom sold to whom, and where it stands."""

from dataclasses import dataclass

from contracts.models import Product

HARDWARE, SOFTWARE = Product.Kind.HARDWARE, Product.Kind.SOFTWARE


@dataclass(frozen=True)
class Place:
    customer: str
    name: str
    time_zone: str
    country: str
    address: str
    contact: str
    phone: str
    hours: str


@dataclass(frozen=True)
class Part:
    """`age` is days since it was put into service."""

    serial: str
    product: str
    place: str
    location: str
    age: int


PRODUCTS = {
    "DC-7": ("Drive controller DC-7", HARDWARE),
    "DK-2": ("Door controller DK-2", HARDWARE),
    "GW-4": ("Site gateway GW-4", HARDWARE),
    "CP-3": ("Cabin panel CP-3", HARDWARE),
    "FM-SW": ("Fleet Monitor", SOFTWARE),
    "DCFW-4": ("Drive firmware 4", SOFTWARE),
}

PLACES = [
    Place("ACME", "Hauptbahnhof Nord", "Europe/Berlin", "DE", "Invalidenstraße 50, 10557 Berlin", "Ilse Maurer",
          "+49 30 5550 171", "Every day, 05:00 to 23:00"),
    Place("ACME", "Messe Hamburg", "Europe/Berlin", "DE", "Messeplatz 1, 20357 Hamburg", "Jonas Petersen",
          "+49 40 5550 118", "Mon to Fri, 07:00 to 18:00"),
    Place("HARBOR", "St. Brigid Hospital", "Europe/London", "GB", "12 Quay Street, Bristol BS1 4DJ", "Grace Adeyemi",
          "+44 117 555 0162", "Every day, all hours"),
    Place("HARBOR", "Quay Clinic Dublin", "Europe/Dublin", "IE", "4 Sir John Rogerson's Quay, Dublin", "Niamh Byrne",
          "+353 1 555 0113", "Mon to Sat, 07:00 to 20:00"),
    Place("POLAR", "Helsinki cold store", "Europe/Helsinki", "FI", "Satamakaari 20, 00980 Helsinki", "Aino Virtanen",
          "+358 9 5550 144", "Every day, all hours"),
    Place("BOLT", "Chicago tower", "America/Chicago", "US", "233 S Wacker Drive, Chicago, IL", "María Castillo",
          "+1 312 555 0127", "Mon to Fri, 06:00 to 22:00"),
    Place("BOLT", "Denver plant", "America/Denver", "US", "4800 Dahlia Street, Denver, CO", "Luis Ortega",
          "+1 303 555 0188", "Mon to Sat, two shifts"),
    Place("SAKURA", "Shinjuku station", "Asia/Tokyo", "JP", "3-38-1 Shinjuku, Tokyo", "Haruka Mori",
          "+81 3 5550 0171", "Every day, 04:30 to 01:00"),
    Place("SAKURA", "Osaka depot", "Asia/Tokyo", "JP", "2-1-3 Nankokita, Osaka", "Ren Takahashi",
          "+81 6 5550 0139", "Mon to Sat, 08:00 to 17:00"),
]  # fmt: skip

PARTS = [
    Part("7F-2230", "DC-7", "Hauptbahnhof Nord", "Lift 2, machine room", 64),
    Part("7F-2231", "DC-7", "Hauptbahnhof Nord", "Lift 3, machine room", 64),
    Part("DK2-0418", "DK-2", "Hauptbahnhof Nord", "Lift 2, level 0", 64),
    Part("GW4-1109", "GW-4", "Hauptbahnhof Nord", "Control room, rack 4", 60),
    Part("7F-1984", "DC-7", "Messe Hamburg", "Hall A4, goods lift", 410),
    Part("CP3-3021", "CP-3", "Messe Hamburg", "Hall A4, cabin", 410),
    Part("CP3-2870", "CP-3", "Messe Hamburg", "Hall B2, cabin", 450),
    Part("DK2-0360", "DK-2", "Messe Hamburg", "Hall B2, gate 2", 400),
    Part("FM-ACME-1", "FM-SW", "Hauptbahnhof Nord", "Control room server", 60),
    Part("7F-2107", "DC-7", "St. Brigid Hospital", "Bed lift B", 230),
    Part("DK2-0377", "DK-2", "St. Brigid Hospital", "Bed lift B, ward 3", 230),
    Part("CP3-2988", "CP-3", "Quay Clinic Dublin", "Visitors' lift", 120),
    Part("GW4-0988", "GW-4", "Quay Clinic Dublin", "Reception cabinet", 520),
    Part("7F-2055", "DC-7", "Helsinki cold store", "Pallet lift 1", 305),
    Part("DK2-0402", "DK-2", "Helsinki cold store", "Pallet lift 1, airlock", 305),
    Part("GW4-1077", "GW-4", "Helsinki cold store", "Plant room", 305),
    Part("7F-2190", "DC-7", "Chicago tower", "Car 5, machine room", 88),
    Part("7F-2191", "DC-7", "Chicago tower", "Car 6, machine room", 88),
    Part("GW4-1101", "GW-4", "Chicago tower", "Level 40, comms room", 88),
    Part("DK2-0391", "DK-2", "Denver plant", "Goods lift, dock 2", 500),
    Part("FM-BOLT-1", "FM-SW", "Chicago tower", "Server room", 88),
    Part("7F-2215", "DC-7", "Shinjuku station", "Platform lift 7", 33),
    Part("CP3-3050", "CP-3", "Shinjuku station", "Platform lift 7, cabin", 33),
    Part("DCFW-SAK-1", "DCFW-4", "Osaka depot", "Test rig", 33),
]
