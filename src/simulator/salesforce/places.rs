//! A small world of states and countries, for orgs with State and Country/Territory picklists.

use super::problem::{Problem, escaped};

/// Code and name.
type State = (&'static str, &'static str);
/// Code, name and states.
type Country = (&'static str, &'static str, &'static [State]);

const COUNTRIES: [Country; 8] = [
    (
        "US",
        "United States",
        &[
            ("CA", "California"),
            ("FL", "Florida"),
            ("IL", "Illinois"),
            ("MA", "Massachusetts"),
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

/// The lines of the two code fields beside a state and a country field.
pub(crate) fn code_fields(address: &str) -> String {
    let spaced = if address.is_empty() {
        String::new()
    } else {
        format!("{address} ")
    };
    let countries: Vec<&str> = COUNTRIES.iter().map(|(code, _, _)| *code).collect();
    let mut states: Vec<&str> = COUNTRIES
        .iter()
        .flat_map(|(_, _, states)| states.iter().map(|(code, _)| *code))
        .collect();
    states.sort_unstable();
    format!(
        "{address}StateCode \"{spaced}State/Province Code\" picklist(10) cunRFS {{{}}}\n\
         {address}CountryCode \"{spaced}Country Code\" picklist(10) cunRFS {{{}}}",
        states.join("; "),
        countries.join("; ")
    )
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

/// (state, state code, country, country code) as they are stored.
pub(crate) type Settled = [Option<&'static str>; 4];

impl Place<'_> {
    /// Both forms of the state and the country, or what Salesforce says of the first one that is wrong.
    pub(crate) fn settle(&self) -> Result<Settled, Problem> {
        let country = self.find_country()?;
        let Some(wanted) = self.state.or(self.state_code) else {
            return Ok([None, None, country.map(|c| c.1), country.map(|c| c.0)]);
        };
        let state_field = format!("{}State", self.address);
        let Some((code, name, states)) = country else {
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
        let of = |states: &'static [State]| {
            let by_name = self.state.is_some();
            states
                .iter()
                .find(|(code, name)| if by_name { name } else { code }.eq_ignore_ascii_case(wanted))
        };
        if let Some((state_code, state_name)) = of(states) {
            return Ok([Some(state_name), Some(state_code), Some(name), Some(code)]);
        }
        let elsewhere = COUNTRIES.iter().any(|(_, _, states)| of(states).is_some());
        Err(Problem::data(
            "FIELD_INTEGRITY_EXCEPTION",
            self.unknown_state(wanted, elsewhere),
            &[&if self.state.is_some() {
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

    fn find_country(&self) -> Result<Option<Country>, Problem> {
        let Some(wanted) = self.country.or(self.country_code) else {
            return Ok(None);
        };
        let by_name = self.country.is_some();
        let found = COUNTRIES
            .into_iter()
            .find(|(code, name, _)| if by_name { name } else { code }.eq_ignore_ascii_case(wanted));
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
