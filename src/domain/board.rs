//! What HubSpot's own views, lists and workflows may know of a record, in three properties of it.

use super::event::ValuePrint;
use super::fingerprint::PrintKey;
use super::record::{FieldName, Fields, Malformed, Value};

/// Whether the properties are written and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Board {
    /// Nobody asked for them.
    #[default]
    Hidden,
    /// They are kept true.
    Shown,
}

/// One of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// Where the record stands.
    State,
    /// Why, in words.
    Cause,
    /// A person's wish to have it tried again; emptied when it was heard.
    Resync,
}

impl Property {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::State, Self::Cause, Self::Resync];

    /// Its internal name.
    pub fn name(self) -> &'static str {
        match self {
            Self::State => "syncline_state",
            Self::Cause => "syncline_cause",
            Self::Resync => "syncline_resync",
        }
    }

    /// The property of this name.
    pub fn named(name: &FieldName) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|one| one.name() == name.as_str())
    }

    /// Its name as a field.
    pub fn field(self) -> Result<FieldName, Malformed> {
        FieldName::parse(self.name())
    }

    /// The values it may hold, with what people read instead; none for a free text.
    pub fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::State => &[
                ("in_sync", "In sync"),
                ("failing", "Failing"),
                ("waiting", "Waiting"),
                ("excluded", "Excluded"),
            ],
            Self::Cause => &[],
            Self::Resync => &[(PRESSED, "Yes")],
        }
    }
}

/// What [`Property::Resync`] holds while a person waits for another try.
pub const PRESSED: &str = "yes";

/// What a record's properties are to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// One of the options of [`Property::State`].
    pub state: String,
    /// Why; empty when there is nothing to say.
    pub cause: String,
}

impl Saying {
    /// The same for two sayings that are alike.
    pub fn print(&self, key: &PrintKey) -> ValuePrint {
        key.print(&format!("{}\n{}", self.state, self.cause))
    }

    /// The values to write, with the wish for another try emptied.
    pub fn fields(&self) -> Result<Fields, Malformed> {
        let text = |text: &str| match text {
            "" => Value::Blank,
            text => Value::Text(text.to_owned()),
        };
        let values = [
            (Property::State, text(&self.state)),
            (Property::Cause, text(&self.cause)),
            (Property::Resync, Value::Blank),
        ];
        let field = |(property, value): (Property, Value)| Ok((property.field()?, value));
        values.into_iter().map(field).collect()
    }
}
