//! A configuration as a sorted list of keys and values, for its digest and for telling two apart.
//!
//! Every struct is taken apart completely, so that a new key cannot be forgotten here.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::{
    Auth, BaseUrl, Budget, Config, Guard, HubSpot, Limits, Mail, Names, OtherIntegration,
    Recipient, Salesforce, Sync,
};
use crate::domain::board::Board;
use crate::domain::mapping::{FieldMapping, Mapping};
use crate::domain::record::ObjectName;

/// Keys that a running daemon cannot take over.
const FIXED: &[&str] = &["store", "control", "hubspot.portal", "salesforce.org"];

type Facts = BTreeMap<String, String>;

/// Everything `config` says.
pub(super) fn of(config: &Config) -> Facts {
    let Config {
        name,
        zone,
        names,
        store,
        control,
        hubspot,
        salesforce,
        budget,
        sync,
        guard,
        mail,
        notify,
        objects,
        limits,
    } = config;
    let mut facts = Facts::new();
    let mut say = |key: &str, value: String| facts.insert(key.to_owned(), value);
    say("name", name.clone());
    say("zone", zone.clone());
    say("names", (*names == Names::Shown).to_string());
    say("store", store.display().to_string());
    say("control", control.display().to_string());
    accounts(&mut facts, hubspot, salesforce);
    rules(&mut facts, *budget, *sync, *guard);
    if let Some(mail) = mail {
        mail_of(&mut facts, mail);
    }
    for recipient in notify {
        facts.insert(
            format!("notify {}", recipient.to.address),
            recipient_of(recipient),
        );
    }
    for mapping in objects {
        mapping_of(&mut facts, mapping);
        // Of an object's forms the first is what new records become.
        let key = format!("objects.{} create_as", mapping.object);
        facts
            .entry(key)
            .or_insert_with(|| mapping.salesforce_type.clone());
    }
    limits_of(&mut facts, limits);
    facts
}

fn accounts(facts: &mut Facts, hubspot: &HubSpot, salesforce: &Salesforce) {
    let mut say = |key: &str, value: String| facts.insert(key.to_owned(), value);
    let HubSpot {
        url,
        api_version,
        portal,
        other_integration,
        board,
    } = hubspot;
    say("hubspot.url", url.to_string());
    say("hubspot.api_version", api_version.clone());
    say("hubspot.portal", portal.to_string());
    if *other_integration == OtherIntegration::Stopped {
        say("hubspot.other_integration", word(other_integration));
    }
    if *board == Board::Shown {
        say("hubspot.show_state", true.to_string());
    }
    let Salesforce {
        org,
        login,
        client_id,
        user,
        auth,
        api_version,
    } = salesforce;
    say("salesforce.org", org.to_string());
    say("salesforce.login", login.to_string());
    say("salesforce.client_id", client_id.clone());
    if let Some(user) = user {
        say("salesforce.user", user.clone());
    }
    let auth = match auth {
        Auth::Jwt => "jwt",
        Auth::ClientCredentials => "client-credentials",
    };
    say("salesforce.auth", auth.to_owned());
    say("salesforce.api_version", api_version.clone());
}

fn rules(facts: &mut Facts, budget: Budget, sync: Sync, guard: Guard) {
    let mut say = |key: &str, value: String| facts.insert(key.to_owned(), value);
    let Budget {
        allocation,
        org_reserve_percent,
        told,
        backfill,
        night,
    } = budget;
    say("budget.allocation", allocation.to_string());
    say(
        "budget.org_reserve_percent",
        org_reserve_percent.to_string(),
    );
    say("budget.low_percent", told.low_percent.to_string());
    say("budget.full_percent", told.full_percent.to_string());
    say("budget.backfill", backfill.to_string());
    say("budget.night", night.to_string());
    let Sync {
        poll,
        mode,
        shadow_percent,
    } = sync;
    say("sync.poll_sec", poll.as_secs().to_string());
    say("sync.mode", mode.to_string());
    say("sync.shadow_percent", shadow_percent.to_string());
    let Guard {
        percent,
        records,
        deletions_percent,
    } = guard;
    say("guard.percent", percent.to_string());
    say("guard.records", records.to_string());
    say("guard.deletions_percent", deletions_percent.to_string());
}

fn mail_of(facts: &mut Facts, mail: &Mail) {
    let Mail {
        smtp,
        from,
        gather,
        per_hour,
        contact,
        ca,
        heartbeat,
    } = mail;
    facts.insert("mail.smtp".to_owned(), smtp.to_string());
    facts.insert("mail.from".to_owned(), from.to_string());
    facts.insert("mail.gather_sec".to_owned(), gather.as_secs().to_string());
    facts.insert("mail.per_hour".to_owned(), per_hour.to_string());
    facts.insert("mail.contact".to_owned(), contact.to_string());
    let ca = ca.as_ref().map(|ca| ca.display().to_string());
    for (key, value) in [
        ("ca", ca),
        ("heartbeat", heartbeat.as_ref().map(BaseUrl::to_string)),
    ] {
        facts.insert(
            format!("mail.{key}"),
            value.unwrap_or_else(|| "none".to_owned()),
        );
    }
}

fn recipient_of(recipient: &Recipient) -> String {
    let Recipient {
        to,
        immediately,
        digests,
        zone,
        who_fixes,
        objects,
        types,
    } = recipient;
    let mut says = Vec::new();
    says.extend(to.name().map(|name| format!("as {name}")));
    if *immediately {
        says.push("immediately".to_owned());
    }
    for digest in digests {
        says.push(format!(
            "{} at {} ({})",
            digest.frequency, digest.text, digest.expression
        ));
    }
    says.push(format!("in {zone}"));
    let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
    for (what, list) in [("for", who_fixes), ("objects", &objects), ("types", types)] {
        if !list.is_empty() {
            says.push(format!("{what} {}", list.join(" ")));
        }
    }
    says.join(", ")
}

fn mapping_of(facts: &mut Facts, mapping: &Mapping) {
    let Mapping {
        object: _,
        form,
        hubspot_type,
        salesforce_type,
        match_by,
        hubspot_id_field,
        salesforce_id_field,
        former_id,
        creates,
        direction,
        deletions,
        list,
        condition,
        on_first_link,
        fields,
    } = mapping;
    let name = mapping.name();
    let mut say = |key: &str, value: String| facts.insert(format!("objects.{name} {key}"), value);
    say("is", format!("{hubspot_type} and {salesforce_type}"));
    if let Some(field) = match_by {
        say(
            "match",
            format!("{} and {}", field.hubspot, field.salesforce),
        );
    }
    if form.is_none() {
        // The same for every form of the object.
        let ids = format!("{hubspot_id_field} and {salesforce_id_field}");
        say("ids", ids);
        say("creates", word(creates));
        say("direction", word(direction));
        say("deletions", word(deletions));
        if let Some(list) = list {
            say("list", list.clone());
        }
        say("on_first_link", word(on_first_link));
    }
    if let Some(former_id) = former_id {
        say("former_id", former_id.to_string());
    }
    if let Some(condition) = condition {
        say("condition", condition.clone());
    }
    for field in fields {
        say(&format!("field {}", field.hubspot), field_says(field));
    }
}

fn field_says(field: &FieldMapping) -> String {
    let mut says = vec![field.salesforce.to_string(), word(&field.rule)];
    if field.owner {
        says.push("owner".to_owned());
    }
    if field.domain {
        says.push("domain".to_owned());
    }
    if field.is_association() {
        let parents: Vec<&str> = field.parents.iter().map(ObjectName::as_str).collect();
        says.push(format!("associated with {}", parents.join(" or ")));
    }
    for (hubspot, salesforce) in &field.values {
        says.push(format!("{hubspot} = {salesforce}"));
    }
    says.join(", ")
}

/// A variant's name in the words of the file: `FillBlanks` is `fill-blanks`.
fn word(variant: &impl Debug) -> String {
    let mut word = String::new();
    for letter in format!("{variant:?}").chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

fn limits_of(facts: &mut Facts, limits: &Limits) {
    let Limits {
        hubspot_page,
        hubspot_batch,
        bulk_above,
        hubspot_index_lag,
        salesforce_page,
        bulk_rows,
        bulk_page,
        snapshot_rows,
        salesforce_batch,
        salesforce_batch_min,
        salesforce_requests,
        match_keys,
        inbox_page,
        journal_page,
        listing,
        listing_window,
        probes,
        schema_age,
        attempts_max,
        guard_floor,
        guard_deletions_floor,
    } = *limits;
    let numbers: [(&str, u64); 23] = [
        ("hubspot_page", hubspot_page.into()),
        ("hubspot_batch", hubspot_batch.into()),
        ("bulk_above", bulk_above.into()),
        ("hubspot_index_lag_sec", hubspot_index_lag.as_secs()),
        ("salesforce_page", salesforce_page.into()),
        ("bulk_rows", bulk_rows.into()),
        ("bulk_page", bulk_page.into()),
        ("snapshot_rows", snapshot_rows.into()),
        ("salesforce_batch", salesforce_batch.into()),
        ("salesforce_batch_min", salesforce_batch_min.into()),
        ("salesforce_requests", salesforce_requests.into()),
        ("match_keys", match_keys.into()),
        ("inbox_page", inbox_page.into()),
        ("journal_page", journal_page.into()),
        ("listing_sec", listing.as_secs()),
        ("listing_window_sec", listing_window.as_secs()),
        ("probe_first_sec", probes[0].as_secs()),
        ("probe_second_sec", probes[1].as_secs()),
        ("probe_every_sec", probes[2].as_secs()),
        ("schema_age_sec", schema_age.as_secs()),
        ("attempts_max", attempts_max.into()),
        ("guard_floor", guard_floor),
        ("guard_deletions_floor", guard_deletions_floor),
    ];
    for (key, number) in numbers {
        facts.insert(format!("limits.{key}"), number.to_string());
    }
}

/// One sentence for each key in which the two differ.
pub(super) fn differences(before: &Config, after: &Config) -> Vec<String> {
    let (before, after) = (of(before), of(after));
    let mut sentences: Vec<String> = Vec::new();
    for (key, old) in &before {
        let later = if FIXED.contains(&key.as_str()) {
            ", from the next start"
        } else {
            ""
        };
        match after.get(key) {
            Some(new) if new == old => {}
            Some(new) => sentences.push(format!("{key} is now {new}{later} (was {old})")),
            None => sentences.push(format!("{key} is gone (was {old})")),
        }
    }
    for (key, new) in &after {
        if !before.contains_key(key) {
            sentences.push(format!("{key} is new: {new}"));
        }
    }
    sentences
}

/// The fixed keys in which the two differ.
pub(super) fn needs_restart(before: &Config, after: &Config) -> Vec<String> {
    let (before, after) = (of(before), of(after));
    FIXED
        .iter()
        .filter(|key| before.get(**key) != after.get(**key))
        .map(|key| (*key).to_owned())
        .collect()
}
