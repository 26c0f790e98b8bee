//! What `wit-bindgen` makes of `wit/0.1`. Nothing outside this crate sees these modules, except the export macros.
//!
//! The worlds of the package share `describe`, `lifecycle` and all imports. So these are generated once, and each role
//! adds only its own interface; `wit-component` joins the parts that a guest really exports into one world.

/// Imports, shared types, and the two interfaces that every component exports.
pub mod common {
    wit_bindgen::generate!({
        path: "../../wit/0.1",
        inline: "
            package kennel:guest-common;
            world common {
                include kennel:connector/imports@0.1.0-rc.1;
                export kennel:connector/describe@0.1.0-rc.1;
                export kennel:connector/lifecycle@0.1.0-rc.1;
            }
        ",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq, Clone],
        runtime_path: "::kennel_sdk::glue::wit_bindgen::rt",
        pub_export_macro: true,
        default_bindings_module: "::kennel_sdk::glue::common",
    });
}

/// What a sink exports on top of [`common`].
pub mod sink {
    wit_bindgen::generate!({
        path: "../../wit/0.1",
        inline: "
            package kennel:guest-sink;
            world sink-role { export kennel:connector/sink@0.1.0-rc.1; }
        ",
        with: { "kennel:connector/types@0.1.0-rc.1": ::kennel_sdk::glue::types },
        generate_all,
        additional_derives: [PartialEq, Clone],
        runtime_path: "::kennel_sdk::glue::wit_bindgen::rt",
        pub_export_macro: true,
        default_bindings_module: "::kennel_sdk::glue::sink",
    });
}

/// What a source exports on top of [`common`].
pub mod source {
    wit_bindgen::generate!({
        path: "../../wit/0.1",
        inline: "
            package kennel:guest-source;
            world source-role { export kennel:connector/source@0.1.0-rc.1; }
        ",
        with: { "kennel:connector/types@0.1.0-rc.1": ::kennel_sdk::glue::types },
        generate_all,
        additional_derives: [PartialEq, Clone],
        runtime_path: "::kennel_sdk::glue::wit_bindgen::rt",
        pub_export_macro: true,
        default_bindings_module: "::kennel_sdk::glue::source",
    });
}

/// What a transform exports on top of [`common`].
pub mod transform {
    wit_bindgen::generate!({
        path: "../../wit/0.1",
        inline: "
            package kennel:guest-transform;
            world transform-role { export kennel:connector/transform@0.1.0-rc.1; }
        ",
        with: { "kennel:connector/types@0.1.0-rc.1": ::kennel_sdk::glue::types },
        generate_all,
        additional_derives: [PartialEq, Clone],
        runtime_path: "::kennel_sdk::glue::wit_bindgen::rt",
        pub_export_macro: true,
        default_bindings_module: "::kennel_sdk::glue::transform",
    });
}
