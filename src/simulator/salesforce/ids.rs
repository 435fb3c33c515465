//! Record ids: 15 significant characters, and 3 that carry the case of the others.

const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Hands out ids that grow, byte by byte, in the order they are asked for.
#[derive(Debug)]
pub(crate) struct Mint {
    next: u64,
}

impl Mint {
    pub(crate) fn new(seed: u64) -> Self {
        Mint {
            next: 62 * 62 * 62 + seed % 50_000,
        }
    }

    /// The next id of 18 characters with the three-character key `prefix`.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        let mut digits = [b'0'; 10];
        let mut rest = self.next;
        for place in digits.iter_mut().rev() {
            *place = DIGITS[usize::try_from(rest % 62).unwrap_or_default()];
            rest /= 62;
        }
        self.next += 1;
        with_suffix(&format!("{prefix}Qy{}", String::from_utf8_lossy(&digits)))
    }
}

/// Appends the three characters that tell which of the fifteen are capitals.
pub(crate) fn with_suffix(short: &str) -> String {
    let suffix = short.as_bytes().chunks(5).map(|chunk| {
        let bits = chunk
            .iter()
            .enumerate()
            .filter(|(_, byte)| byte.is_ascii_uppercase())
            .fold(0_usize, |bits, (place, _)| bits | 1 << place);
        char::from(SUFFIX[bits % 32])
    });
    short.chars().chain(suffix).collect()
}

/// The 18-character form of an id of 15 or 18 characters; `None` when it is not an id at all.
pub(crate) fn parse(text: &str) -> Option<String> {
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match text.len() {
        15 => Some(with_suffix(text)),
        18 => restored(text),
        _ => None,
    }
}

/// An 18-character id may have lost its case on the way; the suffix gives it back.
fn restored(text: &str) -> Option<String> {
    let mut short = String::with_capacity(15);
    for (chunk, code) in text.as_bytes()[..15]
        .chunks(5)
        .zip(text.as_bytes()[15..].iter())
    {
        let bits = SUFFIX
            .iter()
            .position(|byte| *byte == code.to_ascii_uppercase())?;
        for (place, byte) in chunk.iter().enumerate() {
            let upper = bits & (1 << place) != 0;
            if upper && !byte.is_ascii_alphabetic() {
                return None;
            }
            let byte = if upper {
                byte.to_ascii_uppercase()
            } else {
                byte.to_ascii_lowercase()
            };
            short.push(char::from(byte));
        }
    }
    Some(with_suffix(&short))
}
