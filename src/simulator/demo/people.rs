//! The people of the demo: made up, always the same, and reachable nowhere.
//!
//! Every address ends in a reserved domain. Knows neither CRM.

/// First names; with [`LAST`] they give a thousand people, no two alike.
const FIRST: [&str; 32] = [
    "Alessia", "Amara", "Bruno", "Carla", "Chiara", "Daniel", "Elena", "Emre", "Fabio", "Femke",
    "Giulia", "Hannah", "Ines", "Jonas", "Karim", "Laura", "Lena", "Luca", "Maeve", "Marco",
    "Marta", "Mila", "Nadia", "Noah", "Olga", "Pablo", "Petra", "Rosa", "Sven", "Tariq", "Valeria",
    "Yara",
];
const LAST: [&str; 32] = [
    "Adler",
    "Barbieri",
    "Bianchi",
    "Bosch",
    "Campos",
    "Conti",
    "Costa",
    "Dekker",
    "Duarte",
    "Esposito",
    "Ferrari",
    "Fischer",
    "Fontana",
    "Garcia",
    "Greco",
    "Haas",
    "Ibrahim",
    "Jansen",
    "Keller",
    "Lombardi",
    "Marchetti",
    "Moretti",
    "Novak",
    "Okafor",
    "Petrov",
    "Quinn",
    "Ricci",
    "Rossi",
    "Santoro",
    "Schmidt",
    "Vidal",
    "Winkler",
];
/// Company and domain.
pub(super) const COMPANIES: [(&str, &str); 14] = [
    ("Nordwind Logistics", "nordwind.example"),
    ("Alba Foods", "alba-foods.example"),
    ("Brera Studio", "brera-studio.example"),
    ("Cobalt Mining", "cobalt.example"),
    ("Delta Turbines", "delta-turbines.example"),
    ("Elbe Insurance", "elbe.example"),
    ("Fjord Textiles", "fjord.example"),
    ("Garda Hotels", "garda-hotels.example"),
    ("Helix Biotech", "helix.example"),
    ("Iris Optics", "iris-optics.example"),
    ("Juno Software", "juno.example"),
    ("Kite Mobility", "kite.example"),
    ("Lumen Energy", "lumen.example"),
    ("Mistral Marine", "mistral.example"),
];
const TITLES: [&str; 10] = [
    "Head of Sales",
    "Buyer",
    "Managing Director",
    "IT Manager",
    "Marketing Lead",
    "Controller",
    "Plant Manager",
    "Office Manager",
    "Chief Technology Officer",
    "Procurement Specialist",
];
const STREETS: [&str; 6] = [
    "Harbour Street",
    "Mill Lane",
    "Station Road",
    "Via del Sole",
    "Garden Square",
    "Old Market",
];
const PLACES: [Place; 9] = [
    Place::new("Milan", "Milano", "20121", "Italy", "+39 02"),
    Place::new("Rome", "Roma", "00184", "Italy", "+39 06"),
    Place::new("Turin", "Torino", "10121", "Italy", "+39 011"),
    Place::new(
        "Boston",
        "Massachusetts",
        "02110",
        "United States",
        "+1 617",
    ),
    Place::new("Seattle", "Washington", "98101", "United States", "+1 206"),
    Place::new("Toronto", "Ontario", "M5H 2N2", "Canada", "+1 416"),
    Place::new("Hamburg", "", "20457", "Germany", "+49 40"),
    Place::new("Lyon", "", "69002", "France", "+33 4"),
    Place::new("Utrecht", "", "3511 LX", "Netherlands", "+31 30"),
];

/// Where somebody works; a state only where both CRMs list states.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) city: &'static str,
    pub(super) state: &'static str,
    pub(super) zip: &'static str,
    pub(super) country: &'static str,
    dial: &'static str,
}

impl Place {
    const fn new(
        city: &'static str,
        state: &'static str,
        zip: &'static str,
        country: &'static str,
        dial: &'static str,
    ) -> Place {
        Place {
            city,
            state,
            zip,
            country,
            dial,
        }
    }
}

/// One made-up person.
#[derive(Debug, Clone)]
pub(super) struct Person {
    number: usize,
    firm: usize,
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    pub(super) company: &'static str,
    pub(super) domain: &'static str,
    pub(super) title: &'static str,
    pub(super) place: Place,
}

impl Person {
    /// The person of that number; below 1,024 no two share a name.
    pub(super) fn new(number: usize) -> Person {
        let round = number / FIRST.len();
        let firm = (number * 5 + round) % COMPANIES.len();
        let (company, domain) = COMPANIES[firm];
        Person {
            number,
            firm,
            first: FIRST[number % FIRST.len()],
            // Neighbours get different last names, and still no pair comes twice.
            last: LAST[(round + number % FIRST.len() * 3) % LAST.len()],
            company,
            domain,
            title: TITLES[(number * 7 + round) % TITLES.len()],
            place: PLACES[(number * 2 + round) % PLACES.len()],
        }
    }

    /// The place of the company among [`COMPANIES`].
    pub(super) fn firm(&self) -> usize {
        self.firm
    }

    /// `luca.rossi@nordwind.example`; those beyond the first thousand carry their number.
    pub(super) fn email(&self) -> String {
        let (first, last) = (self.first.to_lowercase(), self.last.to_lowercase());
        if self.number < FIRST.len() * LAST.len() {
            return format!("{first}.{last}@{}", self.domain);
        }
        format!("{first}.{last}.{}@{}", self.number, self.domain)
    }

    /// A number as the org's rule wants it: a plus sign and the country's code.
    pub(super) fn phone(&self) -> String {
        format!("{} 555 {:04}", self.place.dial, self.number)
    }

    /// Street and house number.
    pub(super) fn street(&self) -> String {
        let street = STREETS[self.number % STREETS.len()];
        format!("{street} {}", self.number % 90 + 1)
    }
}
