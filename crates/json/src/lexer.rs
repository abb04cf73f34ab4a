//! The parts of JSON, without regard to types.

use zeroize::Zeroizing;

use crate::Malformed;

/// Values within values, at most: as `serde_json` has it.
const MAX_DEPTH: u8 = 128;

/// What has members: how it begins and ends.
pub(crate) type Brackets = (u8, u8);
pub(crate) const ARRAY: Brackets = (b'[', b']');
pub(crate) const OBJECT: Brackets = (b'{', b'}');

/// A text that is being read. What was unescaped is wiped from memory: it may be
/// secret.
pub(crate) struct Lexer<'de> {
    json: &'de str,
    /// Where the rest begins.
    at: usize,
    /// How many arrays and objects are open.
    depth: u8,
    /// The string read last, if it was escaped.
    unescaped: Zeroizing<String>,
}

/// A string that was read.
#[derive(Clone, Copy)]
pub(crate) enum Text<'de> {
    /// As it stands in the text.
    Plain(&'de str),
    /// It had escapes: [`Lexer::text`] has it, until the next string is read.
    Escaped,
}

impl<'de> Lexer<'de> {
    /// Has one value read, and nothing but. What reads it is called by its address:
    /// the rest is the same for all types, and there once.
    pub(crate) fn run(
        json: &'de [u8],
        read: &mut dyn FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let mut lexer = Self {
            json: std::str::from_utf8(json).map_err(|_| Malformed)?,
            at: 0,
            depth: 0,
            unescaped: Zeroizing::default(),
        };
        read(&mut lexer)?;
        lexer.end()
    }

    /// The string read last.
    pub(crate) fn text(&self, string: Text<'de>) -> &str {
        match string {
            Text::Plain(text) => text,
            Text::Escaped => &self.unescaped,
        }
    }

    fn byte(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    /// The first byte of what comes next, white space left out (§2).
    #[inline(never)]
    pub(crate) fn peek(&mut self) -> Result<u8, Malformed> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.byte() {
            self.at += 1;
        }
        self.byte().ok_or(Malformed)
    }

    /// Whether this comes next; if so, it is taken.
    pub(crate) fn take(&mut self, byte: u8) -> Result<bool, Malformed> {
        let next = self.peek()? == byte;
        self.at += usize::from(next);
        Ok(next)
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.take(byte)? { Ok(()) } else { Err(Malformed) }
    }

    /// Takes a word such as `null`.
    #[inline(never)]
    pub(crate) fn word(&mut self, word: &str) -> Result<(), Malformed> {
        self.peek()?;
        if !self.json.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Malformed);
        }
        self.at += word.len();
        Ok(())
    }

    /// Nothing follows.
    fn end(&mut self) -> Result<(), Malformed> {
        if self.peek().is_err() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// Takes `true` or `false`.
    pub(crate) fn bool(&mut self) -> Result<bool, Malformed> {
        let value = self.peek()? == b't';
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// Opens an array or object.
    #[inline(never)]
    pub(crate) fn open(&mut self, brackets: Brackets) -> Result<(), Malformed> {
        self.expect(brackets.0)?;
        self.depth += 1;
        if self.depth < MAX_DEPTH {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// Closes an array or object.
    #[inline(never)]
    pub(crate) fn close(&mut self, brackets: Brackets) -> Result<(), Malformed> {
        self.expect(brackets.1)?;
        self.depth -= 1;
        Ok(())
    }

    /// Whether another member follows in an open array or object.
    #[inline(never)]
    pub(crate) fn more(&mut self, first: bool, brackets: Brackets) -> Result<bool, Malformed> {
        let end = brackets.1;
        if self.peek()? == end {
            return Ok(false);
        }
        if !first {
            self.expect(b',')?;
        }
        // No comma before the end (§4, §5).
        if self.peek()? == end {
            Err(Malformed)
        } else {
            Ok(true)
        }
    }

    /// Takes a number (§6); its text.
    #[inline(never)]
    pub(crate) fn number(&mut self) -> Result<&'de str, Malformed> {
        self.peek()?;
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.json[start..self.at])
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Malformed) }
    }

    /// Takes a string (§7).
    #[inline(never)]
    pub(crate) fn string(&mut self) -> Result<Text<'de>, Malformed> {
        self.expect(b'"')?;
        let plain = self.plain()?;
        if self.byte() == Some(b'"') {
            self.at += 1;
            return Ok(Text::Plain(plain));
        }
        // Room for all of it: a buffer that grows leaves copies behind. Escaped, it
        // is never shorter.
        let end = self.json[self.at..].find('"').unwrap_or_default();
        let mut unescaped = Zeroizing::new(String::with_capacity(plain.len() + end.max(64)));
        unescaped.push_str(plain);
        while self.byte() == Some(b'\\') {
            self.at += 1;
            let unit = self.escape()?;
            push(&mut unescaped, unit);
            let plain = self.plain()?;
            for c in plain.chars() {
                push(&mut unescaped, c);
            }
        }
        self.expect(b'"')?;
        self.unescaped = unescaped;
        Ok(Text::Escaped)
    }

    /// Up to the next quote or escape. Control characters must be escaped.
    fn plain(&mut self) -> Result<&'de str, Malformed> {
        let start = self.at;
        loop {
            match self.byte() {
                None | Some(0..=0x1f) => return Err(Malformed),
                Some(b'"' | b'\\') => return Ok(&self.json[start..self.at]),
                Some(_) => self.at += 1,
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, Malformed> {
        let byte = self.byte().ok_or(Malformed)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => return Err(Malformed),
        })
    }

    /// Four hex digits, or a pair of surrogates.
    fn code_point(&mut self) -> Result<char, Malformed> {
        let first = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if !self.json.as_bytes()[self.at..].starts_with(b"\\u") {
                return Err(Malformed);
            }
            self.at += 2;
            let second = self
                .hex()?
                .checked_sub(0xdc00)
                .filter(|low| *low < 0x400)
                .ok_or(Malformed)?;
            0x1_0000 + ((first - 0xd800) << 10) + second
        } else {
            first
        };
        char::from_u32(code).ok_or(Malformed)
    }

    fn hex(&mut self) -> Result<u32, Malformed> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self
                .byte()
                .and_then(|byte| char::from(byte).to_digit(16))
                .ok_or(Malformed)?;
            value = value << 4 | digit;
            self.at += 1;
        }
        Ok(value)
    }

    /// Skips a value, whatever it is.
    #[inline(never)]
    pub(crate) fn skip(&mut self) -> Result<(), Malformed> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'[' => {
                self.open(ARRAY)?;
                let mut first = true;
                while self.more(first, ARRAY)? {
                    self.skip()?;
                    first = false;
                }
                self.close(ARRAY)
            }
            b'{' => {
                self.open(OBJECT)?;
                let mut first = true;
                while self.more(first, OBJECT)? {
                    self.string()?;
                    self.expect(b':')?;
                    self.skip()?;
                    first = false;
                }
                self.close(OBJECT)
            }
            b't' | b'f' => self.bool().map(|_| ()),
            b'n' => self.word("null"),
            _ => self.number().map(|_| ()),
        }
    }
}

/// Appends; a buffer that is full is moved to a larger one and wiped.
fn push(text: &mut Zeroizing<String>, c: char) {
    if text.capacity() - text.len() < c.len_utf8() {
        let mut larger = Zeroizing::new(String::with_capacity(text.capacity() * 2));
        larger.push_str(text);
        *text = larger;
    }
    text.push(c);
}
