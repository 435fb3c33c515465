//! A small world of states and countries, for orgs with State and Country/Territory picklists.

use super::problem::{Problem, escaped};
use super::schema::{Choice, Field, Schema};

/// Code and name.
type State<'a> = (&'a str, &'a str);
/// Code, name and states.
type Country = (&'static str, &'static str, &'static [State<'static>]);

const COUNTRIES: [Country; 8] = [
    (
        "US",
        "United States",
        &[
            ("CA", "California"),
            ("FL", "Florida"),
            ("IL", "Illinois"),
            ("MA", "Massachusetts"),
            // Its code is also that of a province of Italy.
            ("MI", "Michigan"),
            ("NY", "New York"),
            ("TX", "Texas"),
            ("WA", "Washington"),
        ],
    ),
    (
        "CA",
        "Canada",
        &[
            ("BC", "British Columbia"),
            ("ON", "Ontario"),
            ("QC", "Quebec"),
        ],
    ),
    (
        "IT",
        "Italy",
        &[
            ("MI", "Milano"),
            ("NA", "Napoli"),
            ("RM", "Roma"),
            ("TO", "Torino"),
        ],
    ),
    ("DE", "Germany", &[]),
    ("ES", "Spain", &[]),
    ("FR", "France", &[]),
    ("GB", "United Kingdom", &[]),
    ("NL", "Netherlands", &[]),
];

/// The two code fields beside a state and a country field. A state stands once in the list for each
/// country that has one of its code, and only there.
pub(crate) fn code_fields(address: &str) -> [Field; 2] {
    let spaced = if address.is_empty() {
        String::new()
    } else {
        format!("{address} ")
    };
    let field = |name: &str, label: &str| {
        let line = format!("{address}{name} \"{spaced}{label}\" picklist(10) cunRFS");
        Field::parse(&line).expect("the line is well formed")
    };
    let mut states = field("StateCode", "State/Province Code");
    states.controller = Some(format!("{address}CountryCode"));
    let mut countries = field("CountryCode", "Country Code");
    for (country, name, of_it) in COUNTRIES {
        countries.choices.push(Choice {
            name: Some(name.to_owned()),
            ..Choice::new(country)
        });
        let of_it = of_it.iter().map(|one| state(country, *one));
        states.choices.extend(of_it);
    }
    states.choices.sort_by(|a, b| a.value.cmp(&b.value));
    [states, countries]
}

/// Adds a state, by code and name, to the list beside an address; false where there is no such list.
pub(crate) fn add_state(schema: &mut Schema, address: &str, country: &str, one: State<'_>) -> bool {
    let Some(column) = schema.column(&format!("{address}StateCode")) else {
        return false;
    };
    schema.fields[column].choices.push(state(country, one));
    true
}

fn state(country: &str, (code, name): (&str, &str)) -> Choice {
    Choice {
        name: Some(name.to_owned()),
        of: Some(country.to_owned()),
        ..Choice::new(code)
    }
}

/// A state and a country as given, by name or by code, and where they were given.
pub(crate) struct Place<'a> {
    /// `Mailing`, `Billing` or nothing: what the names of the four fields begin with.
    pub(crate) address: &'a str,
    pub(crate) state: Option<&'a str>,
    pub(crate) state_code: Option<&'a str>,
    pub(crate) country: Option<&'a str>,
    pub(crate) country_code: Option<&'a str>,
}

/// State, state code, country and country code as they are stored.
pub(crate) type Settled = [Option<String>; 4];

impl Place<'_> {
    /// Both forms of the state and the country among those that the two code fields list, or what
    /// Salesforce says of the first one that is wrong.
    pub(crate) fn settle(&self, states: &Field, countries: &Field) -> Result<Settled, Problem> {
        let country = self.find_country(countries)?;
        let both = |choice: &Choice| [choice.label().to_owned(), choice.value.clone()].map(Some);
        let Some(wanted) = self.state.or(self.state_code) else {
            let [name, code] = country.map_or([None, None], both);
            return Ok([None, None, name, code]);
        };
        let state_field = format!("{}State", self.address);
        let Some(country) = country else {
            let message = format!(
                "A country/territory must be specified before specifying a state value for field: {}",
                self.state_label()
            );
            return Err(Problem::data(
                "FIELD_INTEGRITY_EXCEPTION",
                message,
                &[&state_field],
            ));
        };
        let by_name = self.state.is_some();
        let mut meant = states
            .choices
            .iter()
            .filter(|choice| is_meant(choice, by_name, wanted))
            .peekable();
        let elsewhere = meant.peek().is_some();
        if let Some(state) = meant.find(|choice| choice.of.as_ref() == Some(&country.value)) {
            let ([state, code], [name, country]) = (both(state), both(country));
            return Ok([state, code, name, country]);
        }
        Err(Problem::data(
            "FIELD_INTEGRITY_EXCEPTION",
            self.unknown_state(wanted, elsewhere),
            &[&if by_name {
                state_field
            } else {
                format!("{state_field}Code")
            }],
        ))
    }

    fn unknown_state(&self, wanted: &str, elsewhere: bool) -> String {
        if self.state.is_none() {
            return format!(
                "The {}StateCode field contains {}, which isn't an available state. \
                 Your administrator can add it for you.",
                self.address,
                escaped(wanted)
            );
        }
        if elsewhere {
            return format!(
                "The existing country/territory doesn't recognize the state value for field: {}",
                self.state_label()
            );
        }
        "There's a problem with this state, even though it may appear correct. \
         Please select a state from the list of valid states."
            .to_owned()
    }

    fn find_country<'f>(&self, countries: &'f Field) -> Result<Option<&'f Choice>, Problem> {
        let Some(wanted) = self.country.or(self.country_code) else {
            return Ok(None);
        };
        let by_name = self.country.is_some();
        let found = countries
            .choices
            .iter()
            .find(|choice| is_meant(choice, by_name, wanted));
        found.map(Some).ok_or_else(|| {
            Problem::data(
                "FIELD_INTEGRITY_EXCEPTION",
                "There's a problem with this country, even though it may appear correct. \
                 Please select a country/territory from the list of valid countries.",
                &[&format!("{}Country", self.address)],
            )
        })
    }

    fn state_label(&self) -> String {
        if self.address.is_empty() {
            return "State/Province".to_owned();
        }
        format!("{} State/Province", self.address)
    }
}

/// Whether an active choice has this name, or this code.
fn is_meant(choice: &Choice, by_name: bool, wanted: &str) -> bool {
    let own = if by_name {
        choice.label()
    } else {
        &choice.value
    };
    choice.active && own.eq_ignore_ascii_case(wanted)
}
