//! Writing JSON as serde asks for it, into one buffer.

use serde::ser::{self, Serialize};

use crate::{Malformed, number};

/// What is written: the text, or only its length.
pub(crate) enum Writer<'a> {
    Text(&'a mut Vec<u8>),
    Length(usize),
}

/// What writes a value. Called by its address: what is around it is the same for all
/// types, and there once.
type Write<'a> = &'a dyn Fn(&mut Writer<'_>) -> Result<(), Malformed>;

/// The text of what is written.
#[inline(never)]
pub(crate) fn text(write: Write<'_>) -> Result<Vec<u8>, Malformed> {
    let mut text = Vec::new();
    write(&mut Writer::Text(&mut text))?;
    Ok(text)
}

/// As [`text`], as a string.
#[inline(never)]
pub(crate) fn utf8(write: Write<'_>) -> Result<String, Malformed> {
    String::from_utf8(text(write)?).map_err(|_| Malformed)
}

impl Writer<'_> {
    #[inline(never)]
    fn put(&mut self, text: &[u8]) {
        match self {
            Self::Text(buffer) => buffer.extend_from_slice(text),
            Self::Length(length) => *length += text.len(),
        }
    }

    /// A string (§7).
    #[inline(never)]
    fn string(&mut self, text: &str) {
        self.put(b"\"");
        let mut rest = text.as_bytes();
        while let Some(at) = rest
            .iter()
            .position(|byte| matches!(byte, 0..=0x1f | b'"' | b'\\'))
        {
            self.put(&rest[..at]);
            self.escape(rest[at]);
            rest = &rest[at + 1..];
        }
        self.put(rest);
        self.put(b"\"");
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' | b'\\' => byte,
            0x8 => b'b',
            0xc => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => {
                let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit & 0xf)];
                return self.put(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte)]);
            }
        };
        self.put(&[b'\\', short]);
    }

    /// An integer of up to 64 bits.
    #[inline(never)]
    fn integer(&mut self, negative: bool, mut magnitude: u64) {
        let mut digits = [0; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            // The remainder is below ten.
            digits[start] = b'0' + (magnitude % 10) as u8;
            magnitude /= 10;
            if magnitude == 0 {
                break;
            }
        }
        if negative {
            self.put(b"-");
        }
        self.put(&digits[start..]);
    }
}

/// The members of an array or object that is being written.
pub(crate) struct Members<'w, 'a> {
    writer: &'w mut Writer<'a>,
    first: bool,
    /// What comes after them.
    end: &'static [u8],
}

impl<'w, 'a> Members<'w, 'a> {
    fn new(writer: &'w mut Writer<'a>, start: &'static [u8], end: &'static [u8]) -> Self {
        writer.put(start);
        Self {
            writer,
            first: true,
            end,
        }
    }

    #[inline(never)]
    fn comma(&mut self) {
        if !std::mem::replace(&mut self.first, false) {
            self.writer.put(b",");
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Malformed> {
        self.comma();
        value.serialize(&mut *self.writer)
    }

    #[inline(never)]
    fn name(&mut self, name: &str) {
        self.comma();
        self.writer.string(name);
        self.writer.put(b":");
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Malformed> {
        self.name(name);
        value.serialize(&mut *self.writer)
    }

    fn finish(self) -> Result<(), Malformed> {
        self.writer.put(self.end);
        Ok(())
    }
}

impl<'w, 'a> ser::Serializer for &'w mut Writer<'a> {
    type Ok = ();
    type Error = Malformed;
    type SerializeSeq = Members<'w, 'a>;
    type SerializeTuple = Members<'w, 'a>;
    type SerializeTupleStruct = Members<'w, 'a>;
    type SerializeTupleVariant = Members<'w, 'a>;
    type SerializeMap = Members<'w, 'a>;
    type SerializeStruct = Members<'w, 'a>;
    type SerializeStructVariant = Members<'w, 'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Malformed> {
        self.put(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Malformed> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Malformed> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Malformed> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Malformed> {
        self.integer(value < 0, value.unsigned_abs());
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Malformed> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Malformed> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Malformed> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Malformed> {
        self.integer(false, value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Malformed> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Malformed> {
        if value.is_finite() {
            self.put(number::write(value).as_bytes());
        } else {
            // As `serde_json` does: JSON has no form for it (§6).
            self.put(b"null");
        }
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Malformed> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Malformed> {
        self.string(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Malformed> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Malformed> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Malformed> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Malformed> {
        self.put(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Malformed> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), Malformed> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Malformed> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Malformed> {
        let mut members = Members::new(self, b"{", b"}");
        members.member(name, value)?;
        members.finish()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'w, 'a>, Malformed> {
        Ok(Members::new(self, b"[", b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'w, 'a>, Malformed> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Members<'w, 'a>, Malformed> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Members<'w, 'a>, Malformed> {
        Members::new(self, b"{", b"").name(name);
        Ok(Members::new(self, b"[", b"]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'w, 'a>, Malformed> {
        Ok(Members::new(self, b"{", b"}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'w, 'a>, Malformed> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Members<'w, 'a>, Malformed> {
        Members::new(self, b"{", b"").name(name);
        Ok(Members::new(self, b"{", b"}}"))
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Result<(), Malformed> {
        self.serialize_str(&value.to_string())
    }
}

macro_rules! elements {
    ($($kind:ident :: $method:ident),*) => {$(
        impl ser::$kind for Members<'_, '_> {
            type Ok = ();
            type Error = Malformed;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Malformed> {
                self.element(value)
            }

            fn end(self) -> Result<(), Malformed> {
                self.finish()
            }
        }
    )*};
}

elements!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! members {
    ($($kind:ident),*) => {$(
        impl ser::$kind for Members<'_, '_> {
            type Ok = ();
            type Error = Malformed;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Malformed> {
                self.member(name, value)
            }

            fn end(self) -> Result<(), Malformed> {
                self.finish()
            }
        }
    )*};
}

members!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Members<'_, '_> {
    type Ok = ();
    type Error = Malformed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Malformed> {
        self.comma();
        // Names are strings (§4). What a key is written as, is looked at.
        let mut name = Vec::new();
        key.serialize(&mut Writer::Text(&mut name))?;
        if name.first() != Some(&b'"') {
            return Err(Malformed);
        }
        self.writer.put(&name);
        self.writer.put(b":");
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Malformed> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Malformed> {
        self.finish()
    }
}
