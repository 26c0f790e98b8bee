//! Logging to the host, which adds the connector's name, filters by level and limits the rate.
//!
//! ```
//! use kennel_sdk::log;
//! let rows = 3;
//! log::info!("wrote {rows} rows"; table = "orders", took_ms = 12);
//! ```

pub use crate::glue::common::kennel::connector::log::Level;
use crate::host;

/// Logs one line with fields. The macros of this module are the comfortable form.
pub fn log(level: Level, message: &str, fields: &[(String, String)]) {
    host::log(level, message, fields);
}

/// One macro body for all levels.
#[doc(hidden)]
#[macro_export]
macro_rules! __kennel_log {
    ($level:ident, $format:literal $(, $argument:expr)* $(,)? $(; $($key:ident = $value:expr),+ $(,)?)?) => {
        $crate::log::log(
            $crate::log::Level::$level,
            &::std::format!($format $(, $argument)*),
            &[$($((::std::stringify!($key).into(), ::std::string::ToString::to_string(&$value))),+)?],
        )
    };
}

/// Logs at level trace.
#[doc(hidden)]
#[macro_export]
macro_rules! __kennel_trace { ($($input:tt)+) => { $crate::__kennel_log!(Trace, $($input)+) }; }

/// Logs at level debug.
#[doc(hidden)]
#[macro_export]
macro_rules! __kennel_debug { ($($input:tt)+) => { $crate::__kennel_log!(Debug, $($input)+) }; }

/// Logs at level info.
#[doc(hidden)]
#[macro_export]
macro_rules! __kennel_info { ($($input:tt)+) => { $crate::__kennel_log!(Info, $($input)+) }; }

/// Logs at level warn.
#[doc(hidden)]
#[macro_export]
macro_rules! __kennel_warn { ($($input:tt)+) => { $crate::__kennel_log!(Warn, $($input)+) }; }

/// Logs at level error.
#[doc(hidden)]
#[macro_export]
macro_rules! __kennel_error { ($($input:tt)+) => { $crate::__kennel_log!(Error, $($input)+) }; }

#[doc(inline)]
pub use crate::{
    __kennel_debug as debug, __kennel_error as error, __kennel_info as info,
    __kennel_trace as trace, __kennel_warn as warn,
};

#[cfg(test)]
mod tests {
    use super::Level;
    use crate::testing;

    #[test]
    fn given_text_and_fields_should_log_both() {
        let _ = testing::take_logs();
        let rows = 3;
        crate::log::info!("wrote {rows} of {}", 4; table = "orders", took_ms = 12);
        crate::log::warn!("slow");
        let logs = testing::take_logs();
        assert_eq!(logs[0].level, Level::Info);
        assert_eq!(logs[0].message, "wrote 3 of 4");
        assert_eq!(
            logs[0].fields,
            [("table".into(), "orders".into()), ("took_ms".into(), "12".into())]
        );
        assert_eq!((logs[1].level, logs[1].message.as_str()), (Level::Warn, "slow"));
    }
}
