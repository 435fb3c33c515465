//! Where mails are kept: in memory, and in a directory if one is named.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// One mail as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its place, counted from 1; also its file's name.
    pub number: u32,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// The message, dots restored, with the line ends it came with.
    pub bytes: Vec<u8>,
}

impl Mail {
    /// The message as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The first header of that name, unfolded, as it stands (encoded words are not decoded).
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let mut lines = text.lines().take_while(|line| !line.is_empty());
        let mut value = lines.find_map(|line| {
            let (have, value) = line.split_once(':')?;
            have.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })?;
        for more in lines.take_while(|line| line.starts_with([' ', '\t'])) {
            value.push(' ');
            value.push_str(more.trim());
        }
        Some(value)
    }
}

/// All mails kept.
#[derive(Debug)]
pub(super) struct Shelf {
    mails: Vec<Mail>,
    directory: Option<PathBuf>,
    last: u32,
}

impl Shelf {
    /// Opens a shelf; numbering goes on after what the directory holds.
    pub(super) fn open(directory: Option<PathBuf>) -> io::Result<Shelf> {
        let mut last = 0;
        if let Some(directory) = &directory {
            fs::create_dir_all(directory)?;
            for entry in fs::read_dir(directory)? {
                let name = entry?.file_name();
                let number = Path::new(&name).file_stem().and_then(|stem| stem.to_str());
                last = last.max(number.and_then(|number| number.parse().ok()).unwrap_or(0));
            }
        }
        Ok(Shelf {
            mails: Vec::new(),
            directory,
            last,
        })
    }

    /// Keeps a mail and returns its number.
    pub(super) fn keep(
        &mut self,
        from: String,
        to: Vec<String>,
        bytes: Vec<u8>,
    ) -> io::Result<u32> {
        let number = self.last + 1;
        if let Some(directory) = &self.directory {
            store(directory, number, &bytes)?;
        }
        self.last = number;
        self.mails.push(Mail {
            number,
            from,
            to,
            bytes,
        });
        Ok(number)
    }

    /// Every mail kept since the start.
    pub(super) fn mails(&self) -> &[Mail] {
        &self.mails
    }
}

// Whoever sees the name sees the whole mail, also after a crash.
fn store(directory: &Path, number: u32, bytes: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{number:04}.unfinished"));
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, directory.join(format!("{number:04}.eml")))?;
    File::open(directory)?.sync_all()
}
