//! Every adapter that a run can name: the built-in one, those in this binary, and folders of the user's.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    files::{AdapterFiles, ReadError},
    manifest::{Manifest, ManifestError},
};
use crate::protocol::Level;

include!(concat!(env!("OUT_DIR"), "/adapters.rs"));

/// Adapters by name.
#[derive(Clone, Debug)]
pub struct Catalogue(BTreeMap<String, Adapter>);

/// One adapter.
#[derive(Clone, Debug)]
pub enum Adapter {
    /// The reference implementation: a hidden subcommand of this program, with nothing to set up.
    ///
    /// At store level values are handed to it; at credential level small credentials of the harness use it.
    Reference(Level),
    /// An adapter with a manifest.
    Packaged {
        /// What its manifest says.
        manifest: Box<Manifest>,
        /// Its files.
        files: AdapterFiles,
        /// The folder of the user's that it is run from; absent for one that is embedded.
        folder: Option<PathBuf>,
    },
}

impl Catalogue {
    /// The adapters in this binary.
    ///
    /// # Errors
    ///
    /// [`CatalogueError`] if a manifest in this binary does not fit; a test keeps that from being released.
    pub fn embedded() -> Result<Self, CatalogueError> {
        let mut folders: BTreeMap<&str, Vec<(String, Vec<u8>)>> = BTreeMap::new();
        for (path, content) in ADAPTERS {
            if let Some((folder, file)) = path.split_once('/') {
                folders.entry(folder).or_default().push((file.to_owned(), content.to_vec()));
            }
        }
        let mut adapters =
            BTreeMap::from(REFERENCES.map(|(name, level)| (name.to_owned(), Adapter::Reference(level))));
        for (folder, files) in folders {
            let files = AdapterFiles::new(files);
            adapters.extend(Adapter::of_folder(&Manifest::parse(folder, &files)?, &files, None));
        }
        Ok(Self(adapters))
    }

    /// Adds the adapters in a folder and gives the one that is called like it; they replace embedded ones of their names
    /// and are run from where they are.
    ///
    /// # Errors
    ///
    /// [`CatalogueError`] names the file and what is wrong with it.
    pub fn add_folder(&mut self, folder: &Path) -> Result<&Adapter, CatalogueError> {
        let folder = std::path::absolute(folder)
            .map_err(|source| ReadError::Unreadable { path: folder.into(), source })?;
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if REFERENCES.iter().any(|(reserved, _)| name == *reserved) {
            return Err(CatalogueError::Reserved { folder });
        }
        let files = AdapterFiles::read(&folder)?;
        let manifest = Manifest::parse(&name, &files)?;
        self.0.extend(Adapter::of_folder(&manifest, &files, Some(&folder)));
        Ok(&self.0[&name])
    }

    /// The adapter of a name.
    ///
    /// # Errors
    ///
    /// [`UnknownAdapter`] names those that there are.
    pub fn find(&self, name: &str) -> Result<&Adapter, UnknownAdapter> {
        let unknown = || UnknownAdapter {
            name: name.into(),
            known: self.0.keys().cloned().collect::<Vec<_>>().join(", "),
        };
        self.0.get(name).ok_or_else(unknown)
    }

    /// Every adapter, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Adapter> {
        self.0.values()
    }
}

impl Adapter {
    /// The adapter of a manifest and its variants, by name.
    fn of_folder(
        manifest: &Manifest,
        files: &AdapterFiles,
        folder: Option<&Path>,
    ) -> impl Iterator<Item = (String, Self)> {
        [manifest.clone()].into_iter().chain(manifest.variants()).map(move |manifest| {
            let (name, manifest) = (manifest.name.clone(), Box::new(manifest));
            (name, Self::Packaged { manifest, files: files.clone(), folder: folder.map(PathBuf::from) })
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Reference(Level::Store) => REFERENCE,
            Self::Reference(Level::Credential) => REFERENCE_OF_CREDENTIALS,
            Self::Packaged { manifest, .. } => &manifest.name,
        }
    }

    /// One line for lists.
    pub fn summary(&self) -> &str {
        match self {
            Self::Reference(Level::Store) => "The reference implementation in this program",
            Self::Reference(Level::Credential) => "The reference implementation below small credentials",
            Self::Packaged { manifest, .. } => &manifest.summary,
        }
    }

    /// A short digest of its files; none for the one that is a part of this program.
    pub fn digest(&self) -> Option<String> {
        match self {
            Self::Reference(_) => None,
            Self::Packaged { files, .. } => Some(files.digest()),
        }
    }

    /// Its list of known failures, if it has one.
    pub fn baseline(&self) -> Option<&str> {
        match self {
            Self::Reference(_) => None,
            Self::Packaged { manifest, files, .. } => files.text(manifest.baseline.as_deref()?),
        }
    }
}

/// Why an adapter cannot be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// Its manifest does not fit.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Its folder cannot be read.
    #[error("an adapter's folder cannot be used: {0}")]
    Folder(#[from] ReadError),
    /// Its name is taken.
    #[error("the adapter in {} is called like a built-in one: rename its folder", folder.display())]
    Reserved {
        /// The folder.
        folder: PathBuf,
    },
}

/// No adapter has the name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no adapter {name:?}; there are: {known}; --adapter-dir FOLDER adds one of your own")]
pub struct UnknownAdapter {
    /// What was asked for.
    pub name: String,
    /// Those that there are.
    pub known: String,
}

const REFERENCE: &str = "reference";
const REFERENCE_OF_CREDENTIALS: &str = "reference-credential";
const REFERENCES: [(&str, Level); 2] =
    [(REFERENCE, Level::Store), (REFERENCE_OF_CREDENTIALS, Level::Credential)];

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        case::{Partition, Platform},
        protocol::{Declaration, Level, LocationRole, Protector, Statement},
    };

    #[test]
    fn every_embedded_adapter_has_a_manifest_and_a_statement_that_fit() {
        let catalogue = Catalogue::embedded().expect("the embedded manifests fit");
        let names: Vec<_> = catalogue.iter().map(Adapter::name).collect();
        assert_eq!(
            names,
            [
                "python-azure-identity",
                "python-azure-identity-aio",
                "reference",
                "reference-credential",
                "sh-secret-tool",
            ]
        );
        for adapter in catalogue.iter() {
            if let Adapter::Packaged { files, .. } = adapter {
                statement(files);
                assert!(adapter.baseline().is_some(), "{} has a baseline", adapter.name());
            }
        }
    }

    #[test]
    fn the_statement_of_azure_identity_says_where_it_stores() {
        let catalogue = Catalogue::embedded().expect("the embedded manifests fit");
        let Adapter::Packaged { files, .. } =
            catalogue.find("python-azure-identity").expect("it is embedded")
        else {
            panic!("it has a manifest");
        };
        let statement = statement(files);
        assert!(statement.declares(&Declaration::Level(Level::Credential), Platform::Linux));
        assert!(statement.declares(&Declaration::Protector(Protector::SecretService), Platform::Linux));
        assert_eq!(
            statement.path(LocationRole::Lock, "/h", None, Partition::Cae).as_deref(),
            Some("/h/.IdentityService/msal.cache.cae.lockfile")
        );
    }

    #[test]
    fn every_package_of_every_embedded_adapter_is_pinned() {
        let catalogue = Catalogue::embedded().expect("the embedded manifests fit");
        for adapter in catalogue.iter() {
            let Adapter::Packaged { manifest, files, .. } = adapter else { continue };
            let Some(packages) = &manifest.packages else { continue };
            let packages = files.text(packages).expect("the list is text");
            let loose = |line: &&str| !line.starts_with('#') && !line.is_empty() && !line.contains("==");
            assert_eq!(packages.lines().find(loose), None);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let catalogue = Catalogue::embedded().expect("the embedded manifests fit");
        let error = catalogue.find("python").expect_err("no adapter is called so");
        assert_eq!(
            error.to_string(),
            "there is no adapter \"python\"; there are: python-azure-identity, \
             python-azure-identity-aio, reference, reference-credential, sh-secret-tool; \
             --adapter-dir FOLDER adds one of your own"
        );
    }

    #[test]
    fn a_folder_is_an_adapter_and_one_without_a_manifest_is_not() {
        let parent = tempfile::tempdir().expect("a folder is made");
        let folder = parent.path().join("c-mine");
        fs::create_dir(&folder).expect("the folder is writable");
        let mut catalogue = Catalogue::embedded().expect("the embedded manifests fit");
        let error = catalogue.add_folder(&folder).expect_err("there is no manifest");
        assert_eq!(error.to_string(), "adapter \"c-mine\" has no readable adapter.toml");

        let manifest = "name = \"c-mine\"\nlanguage = \"C\"\nlibrary = \"mine\"\nsummary = \"s\"\n\
            platforms = [\"linux\"]\nprogram = \"{adapter_dir}/run\"\n";
        fs::write(folder.join("adapter.toml"), manifest).expect("the folder is writable");
        let added = catalogue.add_folder(&folder).expect("the manifest fits");
        assert_eq!(added.name(), "c-mine");
        assert!(catalogue.find("c-mine").is_ok());
        let missing = catalogue.add_folder(&parent.path().join("missing"));
        assert!(matches!(missing, Err(CatalogueError::Folder(ReadError::Unreadable { .. }))));
    }

    fn statement(files: &AdapterFiles) -> Statement {
        let text = files.text("statement.json").expect("an adapter has a statement");
        serde_json::from_str(text).expect("the statement fits the protocol")
    }
}
