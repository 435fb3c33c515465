//! What a site lays over the shipped catalogue: rules that are asked before all others, and texts of
//! its own for the types that there are.
//!
//! Refuses to add a type: every reader of the journal knows the same 32.

use super::read::over;
use super::rule::Rule;
use super::table::{Reader, Table};
use super::{Type, WhoFixes};

const KEYS: [&str; 6] = ["name", "known_as", "meaning", "fix", "who_fixes", "cause"];

/// Puts the texts of `text` into `types` and returns its rules, in its order.
///
/// # Errors
/// Every mistake, each a sentence without a full stop that names line, rule and remedy; `types` may
/// hold some of the texts then.
pub(super) fn lay(text: &str, types: &mut [Type]) -> Result<Vec<Rule>, Vec<String>> {
    over(text, |reader, root| {
        reader.only(root, &["type", "rule"]);
        for table in reader.type_tables(root) {
            let known = types.iter_mut().find(|one| one.slug.as_str() == table.name);
            if let Some(known) = known {
                reader.own_texts(&table, known);
            }
        }
        reader.own_rules(root)
    })
}

impl Reader<'_> {
    fn own_texts(&mut self, table: &Table<'_, '_>, known: &mut Type) {
        self.only(table, &KEYS);
        let says = |key: &str| table.get(key).is_some();
        if says("name")
            && let Some(name) = self.text(table, "name")
        {
            // Who learnt the former name finds the type by it for ever.
            let former = std::mem::replace(&mut known.name, name);
            known.known_as.push(former);
        }
        known.known_as.extend(self.names(table, "known_as"));
        if says("meaning")
            && let Some(meaning) = self.sentence(table, "meaning")
        {
            known.meaning = meaning;
        }
        if says("fix") {
            known.fix = self.sentences_of(table, "fix");
        }
        if says("who_fixes")
            && let Some(who) = self.word(table, "who_fixes", WhoFixes::ALL, WhoFixes::key)
        {
            known.who_fixes = who;
        }
        if says("cause")
            && let Some(cause) = self.template(table, "cause")
        {
            known.cause = cause;
        }
    }

    fn own_rules(&mut self, root: &Table<'_, '_>) -> Vec<Rule> {
        let Some(value) = root.get("rule") else {
            return Vec::new();
        };
        let at = value.span().start;
        let Some(list) = value.get_ref().as_array() else {
            self.mistake(at, "rules are tables; write [[rule]]".to_owned());
            return Vec::new();
        };
        let rules = self.listed_rules(list);
        for (index, rule) in list.iter().enumerate() {
            let place = rule.span().start;
            let mut keys = rule.get_ref().as_table().into_iter().flatten();
            if keys.all(|(key, _)| key.get_ref() == "type") {
                let what = format!(
                    "rule {} fits everything, so that no other is ever asked; add a condition",
                    index + 1
                );
                self.mistake(place, what);
            }
        }
        rules
    }
}
