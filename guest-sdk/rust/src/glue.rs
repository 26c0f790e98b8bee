//! What the attributes expand to: between the generated bindings and an author's type. Not for authors; it changes without
//! notice.

use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::bindings::{common, sink, source, transform};
pub use common::kennel::connector::types;
pub use wit_bindgen;

use crate::config;
use crate::{
    Batch, Description, Error, Format, Limit, Origin, Output, Polled, Problem, Records, Sink,
    Source, Transform,
};
use common::exports::kennel::connector::{describe, lifecycle};
use sink::exports::kennel::connector::sink as sink_wit;
use source::exports::kennel::connector::source as source_wit;
use transform::exports::kennel::connector::transform as transform_wit;

/// The one instance of a component and what it learned about its output.
#[derive(Debug)]
pub struct Slot<T> {
    /// None before `open` and after `close`.
    pub instance: Option<T>,
    /// Bytes of the latest output: the next is likely to be about as large.
    pub hint: usize,
}

impl<T> Slot<T> {
    /// Before `open`.
    #[must_use]
    pub const fn new() -> Self {
        Self { instance: None, hint: 0 }
    }

    fn opened(&mut self) -> Result<&mut T, types::Error> {
        self.instance
            .as_mut()
            .ok_or_else(|| types::Error::Broken("called before open or after close".to_owned()))
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A type that an attribute has described and given a slot.
pub trait Component: Sized + 'static {
    /// The formats that it makes; known without building the whole description.
    const PRODUCES: &'static [&'static str];
    /// The self-description, with the configuration's schema.
    fn description() -> Description;
    /// Runs `work` on the instance's slot.
    fn with_slot<R>(work: impl FnOnce(&mut Slot<Self>) -> R) -> R;
}

/// What the three traits have in common, so that the lifecycle is written once.
pub trait Role<T> {
    /// The configuration.
    type Config: DeserializeOwned;
    /// See [`Sink::open`].
    fn open(config: Self::Config) -> Result<T, Error>;
    /// See [`Sink::tick`].
    fn tick(instance: &mut T) -> Result<(), Error>;
    /// See [`Sink::close`].
    fn close(instance: &mut T);
    /// See [`Sink::validate`].
    fn validate(config: &Self::Config) -> Vec<Problem>;
}

macro_rules! role {
    ($name:ident, $trait:ident) => {
        /// The exports of a component of this role.
        #[derive(Debug)]
        pub struct $name<T>(PhantomData<T>);

        impl<T: $trait> Role<T> for $name<T> {
            type Config = T::Config;

            fn open(config: T::Config) -> Result<T, Error> {
                T::open(config)
            }

            fn tick(instance: &mut T) -> Result<(), Error> {
                instance.tick()
            }

            fn close(instance: &mut T) {
                instance.close();
            }

            fn validate(config: &T::Config) -> Vec<Problem> {
                T::validate(config)
            }
        }

        impl<T: $trait + Component> describe::Guest for $name<T> {
            fn describe() -> String {
                description_json(&T::description())
            }

            fn validate(config: String) -> Vec<describe::Problem> {
                problems::<T, Self>(&config).into_iter().map(Into::into).collect()
            }
        }

        impl<T: $trait + Component> lifecycle::Guest for $name<T> {
            fn open(config: String) -> Result<(), types::Error> {
                report_panics_in_one_line();
                let instance = open::<T, Self>(&config)?;
                T::with_slot(|slot| slot.instance = Some(instance));
                Ok(())
            }

            fn tick() -> Result<(), types::Error> {
                T::with_slot(|slot| match &mut slot.instance {
                    Some(instance) => Ok(instance.tick()?),
                    None => Ok(()),
                })
            }

            fn close() {
                if let Some(mut instance) = T::with_slot(|slot| slot.instance.take()) {
                    instance.close();
                }
            }
        }
    };
}

role!(SinkGuest, Sink);
role!(SourceGuest, Source);
role!(TransformGuest, Transform);

/// The host shows what a dead instance said last, so that is where and why, without advice about backtraces.
#[cfg(target_arch = "wasm32")]
fn report_panics_in_one_line() {
    std::panic::set_hook(Box::new(|panic| {
        let why = panic.payload_as_str().unwrap_or("a value that is no text");
        match panic.location() {
            Some(place) => eprintln!("panicked at {place}: {why}"),
            None => eprintln!("panicked: {why}"),
        }
    }));
}

/// A test's panics are the test's.
#[cfg(not(target_arch = "wasm32"))]
fn report_panics_in_one_line() {}

/// All that is wrong with a configuration: that it does not parse, or what the author's `validate` finds.
pub(crate) fn problems<T, R: Role<T>>(config: &str) -> Vec<Problem> {
    match config::parse::<R::Config>(config) {
        Ok(config) => R::validate(&config),
        Err(problem) => vec![problem],
    }
}

pub(crate) fn open<T, R: Role<T>>(config: &str) -> Result<T, Error> {
    R::open(config::parse(config).map_err(Error::invalid_config)?)
}

/// The description as the document that `describe` answers.
pub(crate) fn description_json(description: &Description) -> String {
    // Maps with string keys, strings and numbers always serialize; the empty document is refused by the host.
    serde_json::to_string(description).unwrap_or_default()
}

impl<T: Sink + Component> sink_wit::Guest for SinkGuest<T> {
    fn assign(origin: types::Origin, saved: Option<u64>) -> Result<Option<u64>, types::Error> {
        let origin = Origin::from(origin);
        T::with_slot(|slot| Ok(slot.opened()?.assign(&origin, saved)?))
    }

    fn consume(batch: types::Batch) -> Result<sink_wit::Receipt, types::Error> {
        let batch = Batch::from(batch);
        T::with_slot(|slot| Ok(slot.opened()?.consume(&batch)?.into()))
    }

    fn flush() -> Result<Vec<sink_wit::Position>, types::Error> {
        let positions = T::with_slot(|slot| Ok::<_, types::Error>(slot.opened()?.flush()?))?;
        let wit = |position: crate::Position| sink_wit::Position {
            origin: position.origin.into(),
            next: position.next,
        };
        Ok(positions.into_iter().map(wit).collect())
    }

    fn revoke(origin: types::Origin, lost: bool) -> Result<(), types::Error> {
        let origin = Origin::from(origin);
        T::with_slot(|slot| Ok(slot.opened()?.revoke(&origin, lost)?))
    }
}

impl<T: Source + Component> source_wit::Guest for SourceGuest<T> {
    fn start(cursor: Option<Vec<u8>>) -> Result<(), types::Error> {
        let cursor = cursor.as_deref().map(decode_cursor).transpose()?;
        T::with_slot(|slot| Ok(slot.opened()?.start(cursor)?))
    }

    fn poll(limit: source_wit::Limit) -> Result<source_wit::Produced, types::Error> {
        let limit = Limit {
            messages: limit.messages,
            bytes: limit.bytes,
            wait: Duration::from_millis(limit.wait_ms.into()),
        };
        T::with_slot(|slot| {
            let mut records = Records::new(produced_format::<T>(), slot.hint);
            let polled = slot.opened()?.poll(&limit, &mut records)?;
            slot.hint = records.bytes() as usize;
            let Polled { cursor, progress } = polled;
            Ok(records.into_produced(encode_cursor(&cursor)?, progress))
        })
    }

    fn confirm(cursor: Vec<u8>) -> Result<(), types::Error> {
        let cursor = decode_cursor(&cursor)?;
        T::with_slot(|slot| Ok(slot.opened()?.confirm(cursor)?))
    }
}

impl<T: Transform + Component> transform_wit::Guest for TransformGuest<T> {
    fn apply(batch: types::Batch) -> Result<transform_wit::Transformed, types::Error> {
        let batch = Batch::from(batch);
        T::with_slot(|slot| {
            let mut output = Output::new(&batch, slot.hint);
            slot.opened()?.apply(&batch, &mut output)?;
            slot.hint = output.bytes();
            Ok(output.into_transformed())
        })
    }
}

/// The first format that the source says it produces.
pub(crate) fn produced_format<T: Component>() -> Format {
    T::PRODUCES.first().map_or(Format::Raw, |name| format_of(name))
}

fn format_of(name: &str) -> Format {
    match name {
        "raw" => Format::Raw,
        "text" => Format::Text,
        "json" => Format::Json,
        "avro" => Format::Avro,
        "protobuf" => Format::Protobuf,
        "flatbuffers" => Format::Flatbuffers,
        other => Format::Other(other.to_owned()),
    }
}

pub(crate) fn encode_cursor<C: Serialize>(cursor: &C) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(cursor)
        .map_err(|error| Error::broken(format_args!("the cursor cannot be encoded: {error}")))
}

pub(crate) fn decode_cursor<C: DeserializeOwned>(cursor: &[u8]) -> Result<C, Error> {
    serde_json::from_slice(cursor)
        .map_err(|error| Error::broken(format_args!("the saved cursor cannot be read: {error}")))
}

/// Exports a component of one role. `$guest` is an alias of [`SinkGuest`] and so on.
#[doc(hidden)]
#[macro_export]
macro_rules! __kennel_export {
    ($role:ident, $guest:ident) => {
        $crate::glue::common::export!($guest with_types_in $crate::glue::common);
        $crate::glue::$role::export!($guest with_types_in $crate::glue::$role);
    };
}
pub use crate::__kennel_export as export;
