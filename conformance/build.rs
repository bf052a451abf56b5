//! Embeds cases, adapters and corrupt caches: lists every file of those folders, so that a new file cannot be missed.
//!
//! Four files in `OUT_DIR`, each included by the module that needs it: `adapters.rs` with `ADAPTERS`, `cases.rs` with
//! `CASES`, `corrupt.rs` with `FILES`, `spec.rs` with `SPEC` and `REQUIREMENTS`. Each list holds (path relative to its
//! folder, content), sorted by path. The contents are taken in at compile time; no path of the building machine is used when the program runs.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let adapters = List { name: "ADAPTERS", folder: "adapters", extension: None, content: Content::Bytes };
    let cases = List { name: "CASES", folder: "cases", extension: Some("toml"), content: Content::Text };
    let corrupt =
        List { name: "FILES", folder: "../fixtures/corrupt", extension: None, content: Content::Bytes };
    let spec = List { name: "SPEC", folder: "spec", extension: Some("toml"), content: Content::Text };
    let requirements = List {
        name: "REQUIREMENTS",
        folder: "requirements",
        extension: Some("toml"),
        content: Content::Text,
    };

    fs::write(out.join("adapters.rs"), adapters.generate(&package)?)?;
    fs::write(out.join("cases.rs"), cases.generate(&package)?)?;
    fs::write(out.join("corrupt.rs"), corrupt.generate(&package)?)?;
    fs::write(out.join("spec.rs"), spec.generate(&package)? + &requirements.generate(&package)?)?;
    Ok(())
}

/// One constant to generate.
struct List {
    name: &'static str,
    folder: &'static str,
    extension: Option<&'static str>,
    content: Content,
}

/// How a file is embedded.
enum Content {
    Bytes,
    Text,
}

impl List {
    fn generate(&self, package: &Path) -> Result<String, Box<dyn Error>> {
        let folder = package.join(self.folder);
        // Cargo looks at every file below a folder. One that is missing would make each build run this again.
        if folder.exists() {
            println!("cargo::rerun-if-changed={}", self.folder);
        } else {
            println!("cargo::rerun-if-changed=.");
        }
        let mut files = Vec::new();
        collect(&folder, "", &mut files)?;
        files.retain(|file| self.extension.is_none_or(|extension| has_extension(file, extension)));
        files.sort();

        let (kind, include) = match self.content {
            Content::Bytes => ("&[u8]", "include_bytes"),
            Content::Text => ("&str", "include_str"),
        };
        let mut code = String::new();
        writeln!(code, "/// Every file of `{}/`: its path below that folder, and its content.", self.folder)?;
        writeln!(code, "pub(crate) const {}: &[(&str, {kind})] = &[", self.name)?;
        for file in files {
            let source = format!("/{}/{file}", self.folder);
            writeln!(code, "    ({file:?}, {include}!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {source:?}))),")?;
        }
        writeln!(code, "];")?;
        Ok(code)
    }
}

/// Adds the path of every file below a folder; a folder that does not exist has none.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("{name:?} is not UTF-8"))?;
        // What a run of an adapter or an editor leaves behind is not part of it.
        if name.starts_with('.') || name == "__pycache__" {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|found| found == extension)
}
