//! A [`Lexer`] as serde sees it.

use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::Malformed;
use crate::lexer::{ARRAY, Brackets, Lexer, OBJECT, Text};
use crate::number::Number;

/// What does not depend on the type that is read: there once, and not in each type's
/// code.
impl<'de> Lexer<'de> {
    /// The name of a member, always a string (§4), and its colon.
    fn name(&mut self) -> Result<Text<'de>, Malformed> {
        let name = self.string()?;
        self.expect(b':')?;
        Ok(name)
    }

    /// A name's place in the list of those that a type has. `serde` takes it for the
    /// name itself, so that names are compared here alone: by default each type has
    /// code for it. A place beyond the list is an unknown name.
    ///
    /// An alias would have a place of its own in the list, and `serde` does not count
    /// it: a type that is read here must have none.
    fn place(&self, name: Text<'de>, names: &[&str]) -> u64 {
        let name = self.text(name);
        let place = names.iter().position(|known| *known == name);
        place.map_or(u64::MAX, |place| place as u64)
    }

    /// The next field of a struct.
    #[inline(never)]
    fn field(&mut self, first: bool, names: &[&str]) -> Result<Option<u64>, Malformed> {
        if !self.more(first, OBJECT)? {
            return Ok(None);
        }
        let name = self.name()?;
        Ok(Some(self.place(name, names)))
    }

    /// The variant of an enum, and whether its name is all there is of it.
    #[inline(never)]
    fn variant(&mut self, names: &[&str]) -> Result<(u64, bool), Malformed> {
        let alone = self.peek()? == b'"';
        let name = if alone {
            self.string()?
        } else {
            self.open(OBJECT)?;
            self.name()?
        };
        Ok((self.place(name, names), alone))
    }

    /// Takes a `null`, if one comes next.
    #[inline(never)]
    fn null(&mut self) -> Result<bool, Malformed> {
        let null = self.peek()? == b'n';
        if null {
            self.word("null")?;
        }
        Ok(null)
    }
}

impl<'de> Lexer<'de> {
    fn visit_number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Malformed> {
        match Number::read(self.number()?)? {
            Number::Natural(number) => visitor.visit_u64(number),
            Number::Negative(number) => visitor.visit_i64(number),
            Number::Real(number) => visitor.visit_f64(number),
        }
    }
}

impl<'de> de::Deserializer<'de> for &mut Lexer<'de> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.peek()? {
            b'"' => self.deserialize_str(visitor),
            b'[' => self.deserialize_seq(visitor),
            b'{' => self.deserialize_map(visitor),
            b't' | b'f' => self.deserialize_bool(visitor),
            b'n' => self.deserialize_unit(visitor),
            _ => self.visit_number(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_bool(self.bool()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.visit_number(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.string()? {
            Text::Plain(text) => visitor.visit_borrowed_str(text),
            escaped => visitor.visit_str(self.text(escaped)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.null()? {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.word("null")?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.open(ARRAY)?;
        let value = visitor.visit_seq(Members {
            lexer: self,
            first: true,
        })?;
        self.close(ARRAY)?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.open(OBJECT)?;
        let value = visitor.visit_map(Members {
            lexer: self,
            first: true,
        })?;
        self.close(OBJECT)?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        // Not from an array of its fields, as `serde_json` does: nothing is written so,
        // and code for it would be made for each type.
        self.open(OBJECT)?;
        let value = visitor.visit_map(Fields {
            lexer: self,
            first: true,
            names,
        })?;
        self.close(OBJECT)?;
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let (place, alone) = self.variant(names)?;
        let value = visitor.visit_enum(Variant {
            lexer: self,
            place,
            alone,
        })?;
        if !alone {
            self.close(OBJECT)?;
        }
        Ok(value)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 bytes byte_buf }
}

/// The members of an array or object.
struct Members<'a, 'de> {
    lexer: &'a mut Lexer<'de>,
    first: bool,
}

impl Members<'_, '_> {
    fn more(&mut self, brackets: Brackets) -> Result<bool, Malformed> {
        let first = std::mem::replace(&mut self.first, false);
        self.lexer.more(first, brackets)
    }
}

impl<'de> de::SeqAccess<'de> for Members<'_, 'de> {
    type Error = Malformed;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Malformed> {
        if self.more(ARRAY)? {
            seed.deserialize(&mut *self.lexer).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl<'de> de::MapAccess<'de> for Members<'_, 'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        if !self.more(OBJECT)? {
            return Ok(None);
        }
        let name = self.lexer.name()?;
        seed.deserialize(self.lexer.text(name).into_deserializer())
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(&mut *self.lexer)
    }
}

/// The members of an object that is read as a struct.
struct Fields<'a, 'de> {
    lexer: &'a mut Lexer<'de>,
    first: bool,
    names: &'static [&'static str],
}

impl<'de> de::MapAccess<'de> for Fields<'_, 'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        let first = std::mem::replace(&mut self.first, false);
        match self.lexer.field(first, self.names)? {
            Some(place) => seed.deserialize(place.into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(&mut *self.lexer)
    }
}

/// A variant of an enum: its name alone, or the one member of an object.
struct Variant<'a, 'de> {
    lexer: &'a mut Lexer<'de>,
    /// The name's place in the list of all.
    place: u64,
    alone: bool,
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Malformed;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Malformed> {
        let name = seed.deserialize(self.place.into_deserializer())?;
        Ok((name, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Malformed;

    fn unit_variant(self) -> Result<(), Malformed> {
        if self.alone {
            Ok(())
        } else {
            self.lexer.word("null")
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Malformed> {
        if self.alone {
            Err(Malformed)
        } else {
            seed.deserialize(self.lexer)
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Malformed> {
        if self.alone {
            Err(Malformed)
        } else {
            de::Deserializer::deserialize_seq(self.lexer, visitor)
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        if self.alone {
            return Err(Malformed);
        }
        de::Deserializer::deserialize_struct(self.lexer, "", fields, visitor)
    }
}
