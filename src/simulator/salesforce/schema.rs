//! What the org knows of its objects and fields. Describes; checks no value.

use std::collections::HashMap;

pub(crate) const ID: usize = 0;
pub(crate) const IS_DELETED: usize = 1;
pub(crate) const CREATED_DATE: usize = 2;
pub(crate) const CREATED_BY: usize = 3;
pub(crate) const MODIFIED_DATE: usize = 4;
pub(crate) const MODIFIED_BY: usize = 5;
pub(crate) const STAMP: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Id,
    Text,
    TextArea,
    Email,
    Phone,
    Url,
    Picklist,
    MultiPicklist,
    Boolean,
    Int,
    Double,
    Currency,
    Percent,
    Date,
    DateTime,
    Reference,
}

impl Kind {
    pub(crate) const ALL: [Kind; 16] = [
        Kind::Id,
        Kind::Text,
        Kind::TextArea,
        Kind::Email,
        Kind::Phone,
        Kind::Url,
        Kind::Picklist,
        Kind::MultiPicklist,
        Kind::Boolean,
        Kind::Int,
        Kind::Double,
        Kind::Currency,
        Kind::Percent,
        Kind::Date,
        Kind::DateTime,
        Kind::Reference,
    ];

    /// The describe's `type`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Id => "id",
            Kind::Text => "string",
            Kind::TextArea => "textarea",
            Kind::Email => "email",
            Kind::Phone => "phone",
            Kind::Url => "url",
            Kind::Picklist => "picklist",
            Kind::MultiPicklist => "multipicklist",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Double => "double",
            Kind::Currency => "currency",
            Kind::Percent => "percent",
            Kind::Date => "date",
            Kind::DateTime => "datetime",
            Kind::Reference => "reference",
        }
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(
            self,
            Kind::Int | Kind::Double | Kind::Currency | Kind::Percent
        )
    }
}

/// One yes-or-no property of a field; the letters are those of the built-in tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Flag {
    Createable,
    Updateable,
    Nillable,
    Defaulted,
    IdLookup,
    NameField,
    Restricted,
    Filterable,
    Sortable,
    ExternalId,
    Unique,
    /// The integration user's field-level security does not show it.
    Hidden,
    /// Deleted from the object; its column stays, so that columns keep their numbers.
    Removed,
}

impl Flag {
    fn from_letter(letter: char) -> Option<Flag> {
        Some(match letter {
            'c' => Flag::Createable,
            'u' => Flag::Updateable,
            'n' => Flag::Nillable,
            'd' => Flag::Defaulted,
            'I' => Flag::IdLookup,
            'N' => Flag::NameField,
            'R' => Flag::Restricted,
            'F' => Flag::Filterable,
            'S' => Flag::Sortable,
            'X' => Flag::ExternalId,
            'U' => Flag::Unique,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(u16);

impl Flags {
    pub(crate) fn has(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u8) != 0
    }

    pub(crate) fn set(&mut self, flag: Flag, on: bool) {
        let bit = 1 << flag as u8;
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }
}

/// One value of a picklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) value: String,
    /// What people read, where that is something else.
    pub(crate) name: Option<String>,
    /// The value of the controlling field that it belongs to, where the field has one.
    pub(crate) of: Option<String>,
    pub(crate) active: bool,
    pub(crate) default: bool,
}

impl Choice {
    /// An active value that people read as it is.
    pub(crate) fn new(value: &str) -> Choice {
        Choice {
            value: value.to_owned(),
            name: None,
            of: None,
            active: true,
            default: false,
        }
    }

    /// What people read.
    pub(crate) fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.value)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    /// Characters for texts, digits before the decimal point plus scale for numbers.
    pub(crate) length: usize,
    pub(crate) scale: usize,
    pub(crate) flags: Flags,
    pub(crate) reference_to: Vec<String>,
    pub(crate) relationship: Option<String>,
    pub(crate) choices: Vec<Choice>,
    /// The field whose value says which choices there are.
    pub(crate) controller: Option<String>,
}

impl Field {
    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.flags.has(flag)
    }

    pub(crate) fn is_custom(&self) -> bool {
        self.name.ends_with("__c")
    }

    /// Values of this field are looked up by equality often enough to keep an index.
    pub(crate) fn is_indexed(&self) -> bool {
        self.kind != Kind::Id
            && (self.has(Flag::IdLookup) || self.has(Flag::ExternalId) || self.has(Flag::Unique))
    }

    /// Required on create: it can be set, may not be empty and has no default.
    pub(crate) fn is_required(&self) -> bool {
        self.has(Flag::Createable)
            && !self.has(Flag::Nillable)
            && !self.has(Flag::Defaulted)
            && self.kind != Kind::Boolean
    }

    /// Whether a picklist has `value` among its active ones.
    pub(crate) fn offers(&self, value: &str) -> bool {
        self.choices
            .iter()
            .any(|choice| choice.active && choice.value == value)
    }

    /// Reads one line of a table: `Name "Label" type(length,scale) flags >Target|Target:Relation {a; b*}`.
    pub(crate) fn parse(line: &str) -> Result<Field, String> {
        let mut rest = line.trim();
        let name = word(&mut rest).to_owned();
        let label = quoted(&mut rest).unwrap_or_else(|| label_of(&name));
        let (kind, length, scale) = parse_type(word(&mut rest))?;
        let mut flags = Flags::default();
        if !rest.starts_with(['>', '{']) {
            for letter in word(&mut rest).chars() {
                let flag = Flag::from_letter(letter)
                    .ok_or_else(|| format!("{name}: {letter} is no flag of a field"))?;
                flags.set(flag, true);
            }
        }
        let (reference_to, relationship) = parse_target(&mut rest);
        let choices = parse_choices(rest);
        Ok(Field {
            name,
            label,
            kind,
            length,
            scale,
            flags,
            reference_to,
            relationship,
            choices,
            controller: None,
        })
    }
}

fn word<'a>(rest: &mut &'a str) -> &'a str {
    let (word, tail) = rest.split_once(' ').unwrap_or((rest, ""));
    *rest = tail.trim_start();
    word
}

fn quoted(rest: &mut &str) -> Option<String> {
    let (label, tail) = rest.strip_prefix('"')?.split_once('"')?;
    let label = label.to_owned();
    *rest = tail.trim_start();
    Some(label)
}

fn parse_type(text: &str) -> Result<(Kind, usize, usize), String> {
    let (name, size) = text.split_once('(').unwrap_or((text, "0)"));
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| format!("{name} is no type of a field"))?;
    let (length, scale) = size
        .trim_end_matches(')')
        .split_once(',')
        .unwrap_or((size.trim_end_matches(')'), "0"));
    let number = |text: &str| text.parse().map_err(|_| format!("{text} is no length"));
    Ok((kind, number(length)?, number(scale)?))
}

fn parse_target(rest: &mut &str) -> (Vec<String>, Option<String>) {
    let Some(target) = rest.strip_prefix('>') else {
        return (Vec::new(), None);
    };
    let mut tail = target;
    let target = word(&mut tail);
    *rest = tail;
    let (objects, relation) = target.split_once(':').unwrap_or((target, ""));
    let relation = (!relation.is_empty()).then(|| relation.to_owned());
    (objects.split('|').map(str::to_owned).collect(), relation)
}

fn parse_choices(rest: &str) -> Vec<Choice> {
    let Some(list) = rest.strip_prefix('{') else {
        return Vec::new();
    };
    list.trim_end_matches('}')
        .split(';')
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .map(|value| Choice {
            default: value.ends_with('*'),
            ..Choice::new(value.trim_end_matches('*'))
        })
        .collect()
}

/// `LastName` reads `Last Name`, `AccountId` reads `Account ID`, `Last_Webinar__c` `Last Webinar`.
fn label_of(name: &str) -> String {
    let plain = name.trim_end_matches("__c").replace('_', " ");
    let mut label = String::new();
    let mut previous = ' ';
    for char in plain.chars() {
        if char.is_ascii_uppercase() && previous.is_ascii_lowercase() {
            label.push(' ');
        }
        label.push(char);
        previous = char;
    }
    match label.strip_suffix(" Id") {
        Some(stem) => format!("{stem} ID"),
        None => label,
    }
}

#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) prefix: String,
    pub(crate) fields: Vec<Field>,
    /// Where a describe's `Last-Modified` comes from, a whole second in Unix ms.
    pub(crate) modified: i64,
    by_name: HashMap<String, usize>,
}

impl Schema {
    pub(crate) fn new(name: &str, label: &str, prefix: &str, fields: Vec<Field>) -> Self {
        let mut schema = Schema {
            name: name.to_owned(),
            label: label.to_owned(),
            prefix: prefix.to_owned(),
            fields: Vec::new(),
            modified: 0,
            by_name: HashMap::new(),
        };
        for field in fields {
            schema.add(field);
        }
        schema
    }

    pub(crate) fn add(&mut self, field: Field) {
        self.by_name
            .insert(field.name.to_lowercase(), self.fields.len());
        self.fields.push(field);
    }

    /// Moves `Last-Modified` on, by a second at least.
    pub(crate) fn touch(&mut self, now: i64) {
        self.modified = now.max(self.modified + 1000);
    }

    /// The column of a field that exists, seen by the integration user or not.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        let column = match self.by_name.get(name) {
            Some(column) => *column,
            None => *self.by_name.get(&name.to_lowercase())?,
        };
        (!self.fields[column].has(Flag::Removed)).then_some(column)
    }

    /// The column of a field the integration user sees.
    pub(crate) fn visible(&self, name: &str) -> Option<usize> {
        self.column(name)
            .filter(|column| !self.fields[*column].has(Flag::Hidden))
    }

    /// The column of the lookup whose relationship has this name.
    pub(crate) fn relation(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| {
            !field.has(Flag::Removed)
                && field
                    .relationship
                    .as_deref()
                    .is_some_and(|own| own.eq_ignore_ascii_case(name))
        })
    }

    /// Columns the integration user sees, in describe order.
    pub(crate) fn visible_columns(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.fields.len()).filter(|column| {
            let field = &self.fields[*column];
            !field.has(Flag::Removed) && !field.has(Flag::Hidden)
        })
    }
}
