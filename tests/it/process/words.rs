//! What shipped texts tell people to type can be typed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

use super::scene::{bare, said};

/// Words that follow the program's name in prose: "the syncline service", "the user syncline can".
const PROSE: &[&str] = &["can", "of", "service", "starts", "nothing"];

/// Verbs whose next word is a verb of their own.
const FAMILIES: &[&str] = &["errors", "records", "budget", "journal"];

struct Texts(Vec<String>);

impl<'ast> Visit<'ast> for Texts {
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.0.push(text.value());
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        // What `format!` prints is a text like any other, and `syn` does not look into macros.
        let whole = mac.tokens.to_string();
        let quoted = whole.split('"').skip(1).step_by(2);
        self.0.extend(quoted.map(str::to_owned));
        self.0.push(whole.replace("\\\"", "\""));
    }
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|one| one == ending) {
            found.push(path);
        }
    }
}

/// What follows the program's name in `text`: a word, and the word after it.
fn commands(text: &str) -> Vec<(String, String)> {
    let word = |text: &str| -> String {
        let text = text.strip_prefix(' ').unwrap_or_default();
        text.chars().take_while(char::is_ascii_lowercase).collect()
    };
    text.match_indices("syncline ")
        .filter(|(at, _)| {
            let before = text[..*at].chars().next_back();
            before.is_none_or(|c| !c.is_alphanumeric() && !"/_-.@".contains(c))
        })
        .map(|(at, name)| {
            let rest = &text[at + name.len() - 1..];
            let verb = word(rest);
            let next = word(&rest[(verb.len() + 1).min(rest.len())..]);
            (verb, next)
        })
        .filter(|(verb, _)| !verb.is_empty())
        .collect()
}

#[test]
fn every_command_that_a_shipped_text_names_exists() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut texts: Vec<(PathBuf, String)> = Vec::new();
    let (mut plain, mut sources) = (Vec::new(), Vec::new());
    files(&root.join("config"), "toml", &mut plain);
    files(&root.join("src"), "rs", &mut sources);
    plain.push(root.join("README.md"));
    for file in plain {
        let text = fs::read_to_string(&file).expect("a text");
        texts.push((file, text));
    }
    for file in sources {
        let parsed = syn::parse_file(&fs::read_to_string(&file).expect("a source"));
        let mut found = Texts(Vec::new());
        found.visit_file(&parsed.expect("Rust"));
        texts.extend(found.0.into_iter().map(|text| (file.clone(), text)));
    }
    let mut known: BTreeMap<Vec<String>, bool> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (file, text) in &texts {
        for (verb, next) in commands(text) {
            if PROSE.contains(&verb.as_str()) {
                continue;
            }
            let mut words = vec![verb];
            if FAMILIES.contains(&words[0].as_str()) && !next.is_empty() {
                words.push(next);
            }
            let exists = *known.entry(words.clone()).or_insert_with(|| {
                let mut typed: Vec<&str> = words.iter().map(String::as_str).collect();
                typed.push("--help");
                said(&mut bare(&typed)).exit == 0
            });
            if !exists {
                wrong.push(format!("{}: syncline {}", file.display(), words.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(known.len() > 8, "too few were found: {known:?}");
    assert_eq!(commands("see \"syncline mapping show\"")[0].0, "mapping");
}
