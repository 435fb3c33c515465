//! Keyed hashes of values: what was last seen on each side, without keeping the value.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::event::ValuePrint;
use super::failure::TextKey;

/// The number of the canonical forms' scheme; a print of another scheme counts as "no base".
pub const SCHEME: u8 = 1;

/// The store's own hashing key, kept in `meta`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PrintKey(pub [u8; 16]);

impl std::fmt::Debug for PrintKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PrintKey(..)")
    }
}

impl PrintKey {
    fn hash(&self, text: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    /// The print of a value's canonical form: the scheme in the top 8 bits, 56 bits of hash below.
    pub fn print(&self, canonical: &str) -> ValuePrint {
        let hash = self.hash(canonical) >> 8;
        ValuePrint((u64::from(SCHEME) << 56 | hash).cast_signed())
    }

    /// The key under which a text is kept beside the journal.
    pub fn text_key(&self, text: &str) -> TextKey {
        TextKey(format!("{:016x}", self.hash(text)))
    }
}

impl ValuePrint {
    /// Whether it was made by the scheme in force.
    pub fn is_current(self) -> bool {
        self.0.cast_unsigned() >> 56 == u64::from(SCHEME)
    }
}
