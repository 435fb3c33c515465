//! The house rules, as a test: arrows that run one way, a domain that is pure, files that stay small.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Longest file, in lines.
const LINES_MAX: usize = 500;

/// Each room and how far down the house it stands; a room may know only rooms with a lower number,
/// itself, and neighbours of its own number where `NEIGHBOURS` says so.
const FLOORS: &[(&str, u32)] = &[
    ("domain", 0),
    ("clock", 1),
    ("config", 2),
    ("logging", 2),
    ("store", 2),
    ("journal", 3),
    ("inbox", 3),
    ("annex", 3),
    ("crm", 3),
    ("mail", 3),
    ("projections", 4),
    ("sync", 5),
    ("notifier", 5),
    ("control", 6),
    ("web", 7),
    ("daemon", 8),
    ("cli", 9),
    ("simulator", 100),
];

/// Arrows that go up on purpose, each with its reason.
const ALLOWED_UP: &[(&str, &str, &str)] =
    &[("cli", "simulator", "the demo and the simulator verb run it")];

/// SQL stands only here.
const SQL_ROOMS: &[&str] = &["store", "journal", "inbox", "annex", "projections"];

#[test]
fn every_file_has_at_most_five_hundred_lines() {
    let long: Vec<String> = rust_files(&["src", "tests", "benches"])
        .into_iter()
        .map(|file| (lines(&file), file))
        .filter(|(count, _)| *count > LINES_MAX)
        .map(|(count, file)| format!("{}: {count} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "split these by noun:\n{}", long.join("\n"));
}

#[test]
fn the_top_level_holds_what_the_design_names() {
    let known = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "migrations",
        "systemd",
        "config",
        "tests",
        "README.md",
        "benches",
        "fuzz",
        "CHANGELOG.md",
        "LICENSE",
        "deny.toml",
        "rustfmt.toml",
        "target",
        "demo",
    ];
    let strangers: Vec<String> = fs::read_dir(root())
        .expect("the package folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| !name.starts_with('.') && !known.contains(&name.as_str()))
        .collect();
    assert!(strangers.is_empty(), "not in the design: {strangers:?}");
}

#[test]
fn dependencies_run_one_way() {
    let floors: BTreeMap<&str, u32> = FLOORS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (room, file, parsed) in parsed_rooms() {
        let Some(&floor) = floors.get(room.as_str()) else {
            wrong.push(format!(
                "{}: room {room:?} stands on no floor",
                file.display()
            ));
            continue;
        };
        for known in knows(&parsed) {
            let Some(&target) = floors.get(known.as_str()) else {
                continue;
            };
            let allowed = room == known
                || target < floor
                || ALLOWED_UP
                    .iter()
                    .any(|(from, to, _)| *from == room && *to == known);
            if !allowed || known == "simulator" && room != "cli" && room != "simulator" {
                wrong.push(format!("{}: {room} may not know {known}", file.display()));
            }
            if room == "simulator" && known != "simulator" {
                wrong.push(format!(
                    "{}: the simulator may not know {known}",
                    file.display()
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that run back:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_domain_never_awaits_and_never_asks_what_time_it_is() {
    let mut wrong = Vec::new();
    for (room, file, parsed) in parsed_rooms() {
        if room != "domain" {
            continue;
        }
        let mut found = Words::default();
        found.visit_file(&parsed);
        if found.awaits {
            wrong.push(format!("{}: async", file.display()));
        }
        let banned = [
            "tokio",
            "rusqlite",
            "tracing",
            "reqwest",
            "lettre",
            "SystemTime",
            "Instant",
            "fs",
            "net",
        ];
        for word in found
            .idents
            .iter()
            .filter(|word| banned.contains(&word.as_str()))
        {
            wrong.push(format!("{}: {word}", file.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "the domain is pure:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn sql_stands_only_in_the_rooms_that_own_tables() {
    let mut wrong = Vec::new();
    for (room, file, parsed) in parsed_rooms() {
        if SQL_ROOMS.contains(&room.as_str()) || room == "simulator" || room == "crm" {
            // The CRM rooms speak SOQL, which is theirs.
            continue;
        }
        let mut found = Words::default();
        found.visit_file(&parsed);
        if found.idents.iter().any(|word| word == "rusqlite")
            || found.texts.iter().any(|text| is_sql(text))
        {
            wrong.push(file.display().to_string());
        }
    }
    assert!(
        wrong.is_empty(),
        "SQL outside its rooms:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn production_code_holds_no_test_paths_and_no_leftovers() {
    let mut wrong = Vec::new();
    for file in rust_files(&["src"]) {
        let text = fs::read_to_string(&file).expect("a source file");
        for leftover in ["cfg(test)", "todo!(", "unimplemented!(", "FIXME"] {
            if text.contains(leftover) {
                wrong.push(format!("{}: {leftover}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_check_that_cannot_fail_proves_nothing_so_these_do() {
    assert!(is_sql("select seq from journal where seq > ?1"));
    assert!(!is_sql("select a record to see its story"));
    let parsed =
        syn::parse_file("use crate::daemon::Daemon; fn f() { crate::cli::run() }").expect("parses");
    assert_eq!(knows(&parsed), ["cli", "daemon"]);
    let mut words = Words::default();
    words.visit_file(&syn::parse_file("async fn f() {}").expect("parses"));
    assert!(words.awaits);
}

fn is_sql(text: &str) -> bool {
    let text = text.to_lowercase();
    let has = |words: &[&str]| words.iter().all(|word| text.contains(word));
    has(&["select ", " from ", " where "])
        || has(&["insert into ", " values"])
        || has(&["delete from ", " where "])
        || has(&["update ", " set ", " where "])
}

/// The rooms of this crate that a file names, in `use` lines or in paths.
fn knows(file: &syn::File) -> Vec<String> {
    let mut paths = Paths::default();
    paths.visit_file(file);
    paths.rooms.sort();
    paths.rooms.dedup();
    paths.rooms
}

#[derive(Default)]
struct Paths {
    rooms: Vec<String>,
}

impl Paths {
    fn tree(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.rooms.push(path.ident.to_string()),
            syn::UseTree::Name(name) => self.rooms.push(name.ident.to_string()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(item)),
            syn::UseTree::Rename(_) | syn::UseTree::Glob(_) => (),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if let syn::UseTree::Path(path) = &item.tree
            && path.ident == "crate"
        {
            self.tree(&path.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments = path.segments.iter();
        if segments.next().is_some_and(|first| first.ident == "crate")
            && let Some(room) = segments.next()
        {
            self.rooms.push(room.ident.to_string());
        }
        syn::visit::visit_path(self, path);
    }
}

#[derive(Default)]
struct Words {
    awaits: bool,
    idents: Vec<String>,
    texts: Vec<String>,
}

impl<'ast> Visit<'ast> for Words {
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.awaits |= signature.asyncness.is_some();
        syn::visit::visit_signature(self, signature);
    }

    fn visit_expr_await(&mut self, expr: &'ast syn::ExprAwait) {
        self.awaits = true;
        syn::visit::visit_expr_await(self, expr);
    }

    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {
        self.awaits = true;
    }

    fn visit_ident(&mut self, ident: &'ast proc_macro2::Ident) {
        self.idents.push(ident.to_string());
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.texts.push(text.value());
    }
}

fn parsed_rooms() -> Vec<(String, PathBuf, syn::File)> {
    rust_files(&["src"])
        .into_iter()
        .filter_map(|file| {
            let inside = file.strip_prefix(root().join("src")).ok()?.to_owned();
            let room = inside
                .components()
                .next()?
                .as_os_str()
                .to_string_lossy()
                .into_owned();
            let room = room.trim_end_matches(".rs").to_owned();
            if room == "lib" || room == "main" {
                return None;
            }
            let text = fs::read_to_string(&file).expect("a source file");
            let parsed = syn::parse_file(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            Some((room, inside, parsed))
        })
        .collect()
}

fn rust_files(folders: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn lines(file: &Path) -> usize {
    fs::read_to_string(file)
        .expect("a source file")
        .lines()
        .count()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
