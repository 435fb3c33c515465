//! The demo, as somebody runs it who has nothing else. It takes most of a minute of waiting, so that
//! it runs with `SYNCLINE_DEMO=1` only.

use std::collections::BTreeSet;

use syncline::domain::catalogue::Catalogue;

use super::scene::{bare, said};

#[test]
fn the_demo_shows_every_one_of_the_32_types_and_spends_what_the_org_counts() {
    if std::env::var_os("SYNCLINE_DEMO").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("demo");
    let path = path.to_str().expect("a path");
    let shown = said(&mut bare(&["demo", "--once", "--json", "--folder", path]));
    assert_eq!(shown.exit, 0, "{shown:?}");
    let shown = shown.json();
    let counts = shown["types"].as_object().expect("types");
    let slugs: BTreeSet<&str> = counts.keys().map(String::as_str).collect();
    let catalogue = Catalogue::shipped();
    let known: BTreeSet<&str> = catalogue
        .types()
        .iter()
        .map(|kind| kind.slug.as_str())
        .collect();
    assert_eq!(known.len(), 32);
    assert_eq!(slugs, known);
    assert!(
        counts.values().all(|count| count.as_u64() >= Some(1)),
        "{counts:?}"
    );
    assert_eq!(shown["calls_spent"], shown["calls_counted"]);
}
