//! What `adapter.toml` says: how an adapter is set up and run.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use serde::Deserialize;

use super::files::AdapterFiles;
use crate::case::Platform;

/// The manifest of one adapter.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The adapter's name: `<language>-<library>`, lower case.
    pub name: String,
    /// The language that the library is for.
    pub language: String,
    /// The library under test.
    pub library: String,
    /// One line for lists.
    pub summary: String,
    /// Where the adapter runs.
    pub platforms: Vec<Platform>,
    /// The program, with `{python}` or `{adapter_dir}` to be filled in.
    pub program: String,
    /// Its arguments, likewise.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// A requirements file for pip, every package pinned. `{python}` may be used only where there is one.
    #[serde(default)]
    pub packages: Option<String>,
    /// What the system must have.
    #[serde(default)]
    pub system: Vec<SystemRequirement>,
    /// The list of known failures.
    #[serde(default)]
    pub baseline: Option<String>,
    /// Variables of the adapter's environment, beside those of its world.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// How long the answer to `hello` may take, in milliseconds.
    #[serde(default = "usual_startup")]
    pub startup_ms: u64,
    /// How long any other answer may take, in milliseconds.
    #[serde(default = "usual_operation")]
    pub operation_ms: u64,
    /// Further adapters that the same files and packages make, such as one for each of a library's interfaces.
    #[serde(default)]
    pub variant: Vec<Variant>,
    /// The folder whose manifest this is: where it is set up, whichever of its adapters is asked for.
    #[serde(skip)]
    pub folder: String,
}

/// An adapter that differs from the manifest's own in what is said here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name, which begins with that of the folder and a hyphen.
    pub name: String,
    /// One line for lists.
    pub summary: String,
    /// The arguments of the program, in place of the manifest's.
    pub arguments: Vec<String>,
    /// The list of known failures.
    #[serde(default)]
    pub baseline: Option<String>,
}

/// Something that a package manager of the system installs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SystemRequirement {
    /// What it is.
    pub name: String,
    /// A program with arguments that exits 0 where it is there; placeholders as in the manifest.
    pub check: Vec<String>,
    /// The package that has it on Debian and Ubuntu; absent where the adapter's own packages have it.
    #[serde(default)]
    pub debian: Option<String>,
}

impl Manifest {
    /// The manifest among the files of an adapter whose folder has the given name.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] says what is missing or does not fit.
    pub fn parse(folder: &str, files: &AdapterFiles) -> Result<Self, ManifestError> {
        let text =
            files.text(MANIFEST_FILE).ok_or_else(|| ManifestError::Missing { folder: folder.into() })?;
        let manifest: Self = toml::from_str(text)
            .map_err(|error| ManifestError::Syntax { folder: folder.into(), cause: error.to_string() })?;
        match manifest.defect(folder, files) {
            None => Ok(Self { folder: folder.into(), ..manifest }),
            Some(cause) => Err(ManifestError::Content { folder: folder.into(), cause }),
        }
    }

    /// The manifests of the variants, each as if it stood alone.
    pub fn variants(&self) -> impl Iterator<Item = Self> {
        self.variant.iter().map(|variant| {
            let Variant { name, summary, arguments, baseline } = variant.clone();
            Self { name, summary, arguments, baseline, variant: Vec::new(), ..self.clone() }
        })
    }

    /// How long the answer to `hello` may take.
    pub fn startup(&self) -> Duration {
        Duration::from_millis(self.startup_ms)
    }

    /// How long any other answer may take.
    pub fn operation(&self) -> Duration {
        Duration::from_millis(self.operation_ms)
    }

    fn defect(&self, folder: &str, files: &AdapterFiles) -> Option<String> {
        if self.name != folder {
            return Some(format!(
                "`name` is {:?} and the folder is {folder:?}: they must be equal",
                self.name
            ));
        }
        let good = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        let of_folder = |name: &str| name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('-'));
        let mut names = BTreeSet::new();
        for Variant { name, .. } in &self.variant {
            if !(of_folder(name) && name.chars().all(good) && names.insert(name)) {
                return Some(format!(
                    "the variant {name:?} must be called {folder}-SOMETHING, in lower-case letters, digits and \
                     hyphens, and no other one may be called so"
                ));
            }
        }
        if self.name.is_empty() || !self.name.chars().all(good) {
            return Some(format!(
                "`name` {:?} may hold lower-case letters, digits and hyphens only",
                self.name
            ));
        }
        if self.platforms.is_empty() {
            return Some("`platforms` is empty: the adapter could run nowhere".into());
        }
        let baselines = self.variant.iter().map(|variant| ("baseline", &variant.baseline));
        let files_named = [("packages", &self.packages), ("baseline", &self.baseline)];
        for (key, file) in files_named.into_iter().chain(baselines) {
            if let Some(file) = file
                && files.bytes(file).is_none()
            {
                return Some(format!(
                    "`{key}` names {file:?}, and there is no such file beside the manifest"
                ));
            }
        }
        for (key, limit) in [("startup_ms", self.startup_ms), ("operation_ms", self.operation_ms)] {
            if !(1..=MAX_MILLISECONDS).contains(&limit) {
                return Some(format!("`{key}` is {limit}: it must be from 1 to {MAX_MILLISECONDS}"));
            }
        }
        if self.system.iter().any(|requirement| requirement.check.is_empty()) {
            return Some("a `check` under [[system]] is empty: it must be a program with arguments".into());
        }
        if let Some(name) = self.environment.keys().find(|name| belongs_to_world(name)) {
            return Some(format!("`environment` sets {name}, which belongs to the world of a session"));
        }
        self.bad_template()
    }

    fn bad_template(&self) -> Option<String> {
        let checks = self.system.iter().flat_map(|requirement| &requirement.check);
        let of_variants = self.variant.iter().flat_map(|variant| &variant.arguments);
        let templates = [&self.program].into_iter().chain(&self.arguments).chain(of_variants).chain(checks);
        for template in templates.chain(self.environment.values()) {
            let without_known = template.replace(PYTHON, "").replace(ADAPTER_FOLDER, "");
            if without_known.contains(['{', '}']) {
                return Some(format!(
                    "{template:?} has a placeholder that is not {PYTHON} or {ADAPTER_FOLDER}"
                ));
            }
            if template.contains(PYTHON) && self.packages.is_none() {
                return Some(format!("{template:?} needs {PYTHON}, which only a `packages` file brings"));
            }
        }
        None
    }
}

/// Whether a variable says where a session's world is, or is the harness's own.
fn belongs_to_world(name: &str) -> bool {
    name == "HOME"
        || name == "TMPDIR"
        || ["XDG_", "DBUS_", "SEALCHECK_"].into_iter().any(|prefix| name.starts_with(prefix))
}

/// Fills the placeholders of a manifest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'a> {
    pub(super) python: Option<&'a Path>,
    pub(super) adapter_folder: &'a Path,
}

impl Places<'_> {
    pub(super) fn fill(self, template: &str) -> String {
        let text = template.replace(ADAPTER_FOLDER, &self.adapter_folder.to_string_lossy());
        match self.python {
            Some(python) => text.replace(PYTHON, &python.to_string_lossy()),
            None => text,
        }
    }
}

fn usual_startup() -> u64 {
    30_000
}

fn usual_operation() -> u64 {
    10_000
}

/// What is wrong with a manifest.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// There is none.
    #[error("adapter {folder:?} has no readable {MANIFEST_FILE}")]
    Missing {
        /// The adapter's folder.
        folder: String,
    },
    /// It is no TOML, or has a key that is unknown, missing or of the wrong type.
    #[error("{MANIFEST_FILE} of adapter {folder:?} does not fit: {cause}")]
    Syntax {
        /// The adapter's folder.
        folder: String,
        /// What the parser says.
        cause: String,
    },
    /// What it says cannot be.
    #[error("{MANIFEST_FILE} of adapter {folder:?}: {cause}")]
    Content {
        /// The adapter's folder.
        folder: String,
        /// What and why.
        cause: String,
    },
}

pub(super) const MANIFEST_FILE: &str = "adapter.toml";
const PYTHON: &str = "{python}";
const ADAPTER_FOLDER: &str = "{adapter_dir}";
const MAX_MILLISECONDS: u64 = 120_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minimal_manifest_has_the_usual_limits() {
        let manifest = parse(MINIMAL).expect("the manifest is good");
        assert_eq!(
            (manifest.startup(), manifest.operation()),
            (Duration::from_secs(30), Duration::from_secs(10))
        );
        assert_eq!(manifest.packages, None);
    }

    #[test]
    fn each_defect_of_a_manifest_is_named() {
        let cases = [
            ("unknown = 1", "unknown field `unknown`"),
            ("packages = \"requirements.txt\"", "there is no such file beside the manifest"),
            ("arguments = [\"{adapter_dir}/x\", \"{home}\"]", "\"{home}\" has a placeholder that is not"),
            ("arguments = [\"{python}\"]", "which only a `packages` file brings"),
            ("operation_ms = 0", "`operation_ms` is 0: it must be from 1 to 120000"),
            ("startup_ms = 120001", "`startup_ms` is 120001"),
            ("environment = { HOME = \"/\" }", "`environment` sets HOME, which belongs to the world"),
            ("environment = { XDG_DATA_HOME = \"/\" }", "`environment` sets XDG_DATA_HOME"),
            ("system = [{ name = \"x\", check = [] }]", "a `check` under [[system]] is empty"),
        ];
        for (line, expected) in cases {
            let error = parse(&format!("{MINIMAL}{line}\n")).expect_err(line).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn the_name_is_that_of_the_folder_and_plain() {
        let error = parse(&MINIMAL.replace("x-y", "other")).expect_err("the folder is x-y").to_string();
        assert!(error.contains("they must be equal"), "{error}");
        let files =
            AdapterFiles::new([(MANIFEST_FILE.to_owned(), MINIMAL.replace("x-y", "../x").into_bytes())]);
        let error = Manifest::parse("../x", &files).expect_err("the name is a path").to_string();
        assert!(error.contains("lower-case letters, digits and hyphens only"), "{error}");
    }

    #[test]
    fn a_variant_is_the_same_but_for_what_it_says() {
        let variant = "[[variant]]\nname = \"x-y-z\"\nsummary = \"t\"\narguments = [\"-z\"]\n";
        let manifest = parse(&format!("{MINIMAL}{variant}")).expect("the manifest is good");
        let expected = Manifest {
            name: "x-y-z".into(),
            summary: "t".into(),
            arguments: vec!["-z".into()],
            variant: Vec::new(),
            ..manifest.clone()
        };
        assert_eq!(manifest.variants().collect::<Vec<_>>(), [expected]);
        assert_eq!(manifest.folder, "x-y");
        for (text, expected) in [
            (variant.replace("x-y-z", "x-yz"), "\"x-yz\" must be called x-y-SOMETHING"),
            (variant.replace("x-y-z", "x-y-Z"), "must be called"),
            (variant.repeat(2), "no other one may be called so"),
            (variant.replace("-z\"]", "{home}\"]"), "has a placeholder"),
            (format!("{variant}baseline = \"b.toml\"\n"), "there is no such file"),
        ] {
            let error = parse(&format!("{MINIMAL}{text}")).expect_err(&text).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn placeholders_are_filled() {
        let places = Places { python: Some(Path::new("/v/python")), adapter_folder: Path::new("/a") };
        assert_eq!(places.fill("{adapter_dir}/x"), "/a/x");
        assert_eq!(places.fill("{python}"), "/v/python");
        assert_eq!(places.fill("-B"), "-B");
    }

    fn parse(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse("x-y", &AdapterFiles::new([(MANIFEST_FILE.to_owned(), text.into())]))
    }

    const MINIMAL: &str = "name = \"x-y\"\nlanguage = \"X\"\nlibrary = \"y\"\nsummary = \"s\"\n\
        platforms = [\"linux\"]\nprogram = \"{adapter_dir}/run\"\n";
}
