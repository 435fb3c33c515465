//! How much of a mail is told in full, so that the whole stays below what readers clip.

/// What readers clip above is about 100 kB; this leaves room for headers and what transport adds.
const BYTES_MAX: usize = 95_000;

/// How much is told in full.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Causes with all they say; beyond, the command line is the better place to read them.
    pub(super) told: usize,
    /// Causes that are still open, a line each.
    pub(super) open: usize,
    /// Texts to pass on.
    pub(super) tickets: usize,
}

/// Text and HTML with as much in full as fits.
pub(super) fn fitting(render: impl Fn(Limits) -> (String, String)) -> (String, String) {
    let mut limits = Limits {
        told: 48,
        open: 60,
        tickets: 3,
    };
    loop {
        let (text, html) = render(limits);
        let least = limits.told == 0 && limits.open == 0;
        if encoded_bytes(&text) + encoded_bytes(&html) < BYTES_MAX || least {
            return (text, html);
        }
        // What is passed on can be had in another way; what is new cannot be known otherwise.
        if limits.tickets > 0 {
            limits.tickets = 0;
        } else {
            limits.told = limits.told * 2 / 3;
            limits.open = limits.open * 2 / 3;
        }
    }
}

/// Bytes of a text as quoted-printable, in which it travels.
fn encoded_bytes(text: &str) -> usize {
    const LINE: usize = 72;
    let bytes = text.bytes().map(|byte| match byte {
        b'\n' => 2,
        b' '..=b'<' | b'>'..=b'~' => 1,
        0..=9 | 11..=31 | b'=' | 127..=255 => 3,
    });
    let sum: usize = bytes.sum();
    // A line too long is broken by three bytes.
    sum + sum / LINE * 3
}
