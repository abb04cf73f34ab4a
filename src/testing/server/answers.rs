//! The answers of the server: who may ask, and what for.

use super::*;

impl FakeServer {
    /// Answers a request as over the network.
    pub(crate) fn answer(&self, request: HttpRequest, now: UnixMillis) -> Result<HttpResponse, NetworkError> {
        if self.offline.get() {
            return Err(NetworkError::Unreachable);
        }
        let path = request.url.strip_prefix(SERVER).expect("our server").to_owned();
        let (status, body) = match self.admit(&request, &path, now) {
            Ok(body) => (200, body),
            Err(code) => (status(code), problem(code)),
        };
        let nonce = Some(self.nonce.get().to_string());
        Ok(HttpResponse {
            status,
            nonce,
            body: Zeroizing::new(body),
        })
    }

    fn admit(&self, request: &HttpRequest, path: &str, now: UnixMillis) -> Answer {
        let proof = Proof::parse(&request.proof).map_err(|_| ProblemCode::InvalidDpopProof)?;
        let token = request
            .authorization
            .as_ref()
            .map(|text| text.strip_prefix("DPoP ").expect("DPoP").to_owned());
        let expected = ExpectedProof {
            method: request.method.as_str(),
            url: &request.url,
            now,
            max_age_s: 60,
            access_token: token.as_deref(),
            body: request.body.as_ref().map(|body| body.as_slice()),
        };
        proof
            .check(&expected)
            .map_err(|_| ProblemCode::InvalidDpopProof)?;
        if proof.claims.nonce != Some(self.nonce.get().to_string()) {
            return Err(ProblemCode::UseDpopNonce);
        }
        if !self.jtis.borrow_mut().insert(proof.claims.jti) {
            return Err(ProblemCode::InvalidDpopProof);
        }
        self.log
            .borrow_mut()
            .push(format!("{} {path}", request.method.as_str()));
        let refused = self.refusal.borrow_mut().take_if(|(end, _)| path.ends_with(*end));
        if let Some((_, code)) = refused {
            return Err(code);
        }
        let device = proof.key.device_id();
        if path == "/v1/sign-in" {
            return self.sign_in(read(request)?, proof.key);
        }
        let bound = token.and_then(|token| self.tokens.borrow().get(&token).copied());
        if bound != Some(device) {
            return Err(ProblemCode::InvalidToken);
        }
        self.route(request, path, proof.key, now)
    }

    fn route(&self, request: &HttpRequest, path: &str, key: PublicJwk, now: UnixMillis) -> Answer {
        let device = key.device_id();
        let account = format!("/v1/accounts/{}", self.account_id());
        match (request.method, path) {
            (Method::Post, "/v1/sign-out") => {
                self.tokens.borrow_mut().retain(|_, bound| *bound != device);
                Ok(Vec::new())
            }
            (Method::Get, "/v1/me") => write(&self.me(device)),
            (Method::Put, "/v1/device") => self.enrol(read(request)?, key),
            (Method::Post, "/v1/device/code") => write(&CodeSent {
                to: "a•••@example.com".to_owned(),
                expires_at: now.plus(300_000),
            }),
            (Method::Post, "/v1/device/approval") => {
                let AskApproval { browser } = read(request)?;
                assert_eq!(browser, "Chrome on Linux");
                self.approval.set(ApprovalState::Pending);
                write(&self.approval_answer(now))
            }
            (Method::Get, "/v1/device/approval") => write(&self.approval_answer(now)),
            (Method::Post, "/v1/device/verify") => self.verify(read(request)?, device),
            _ if !self.is_trusted(device) => Err(ProblemCode::DeviceNotTrusted),
            (Method::Get, "/v1/devices") => write(&self.listed(device)),
            (Method::Post, _) if path.starts_with("/v1/devices/") => {
                self.decide_on(request, path, device)?;
                write(&self.listed(device))
            }
            (Method::Get, "/v1/accounts") => write(&Accounts {
                accounts: vec![self.account()],
                catalogue: self.offered.get(),
            }),
            (Method::Get, "/v1/catalogue") => {
                write(self.catalogue.borrow().as_ref().ok_or(ProblemCode::NotFound)?)
            }
            _ => match (
                request.method,
                path.strip_prefix(&account).ok_or(ProblemCode::NotFound)?,
            ) {
                (Method::Get, "") => write(&self.account()),
                (Method::Post, "/consents") => {
                    let GiveConsent { text_version } = read(request)?;
                    let other = u32::from(self.lie.get() == Some(Lie::OtherText));
                    let before = self.consent_record();
                    if before.is_none_or(|before| before.text_version != text_version) {
                        self.consent_to(self.account_id(), text_version + other);
                    }
                    write(&*self.consent.borrow())
                }
                (Method::Post, "/transfers") => self.begin(read(request)?, now),
                (Method::Put, rest) => {
                    let transfer = rest.strip_prefix("/transfers/").ok_or(ProblemCode::NotFound)?;
                    self.store(
                        transfer.parse().map_err(|_| ProblemCode::NotFound)?,
                        read(request)?,
                        now,
                    )
                }
                (Method::Delete, "/session") => {
                    *self.stored.borrow_mut() = None;
                    self.account.borrow_mut().session = SessionStatus::None;
                    write(&self.account())
                }
                (Method::Post, "/session/check") => write(&self.account()),
                _ => Err(ProblemCode::NotFound),
            },
        }
    }

    fn account(&self) -> Account {
        Account {
            consent: self.consent.borrow().clone(),
            ..self.account.borrow().clone()
        }
    }

    fn sign_in(&self, ask: SignIn, key: PublicJwk) -> Answer {
        let email = ask.email.to_lowercase();
        if ![EMAIL, "bob@example.com"].contains(&email.as_str()) || ask.password != PASSWORD {
            return Err(ProblemCode::WrongCredentials);
        }
        let device = key.device_id();
        if self
            .devices
            .borrow()
            .get(&device)
            .is_some_and(|device| device.state == DeviceState::Disabled)
        {
            return Err(ProblemCode::DeviceDisabled);
        }
        let access_token = format!("token-{}", self.next());
        self.tokens.borrow_mut().insert(access_token.clone(), device);
        write(&SignedIn {
            access_token,
            expires_at: UnixMillis(i64::MAX),
            me: self.me(device),
        })
    }

    fn me(&self, id: DeviceId) -> Me {
        let devices = self.devices.borrow();
        Me {
            user: User {
                id: UserId::new(UnixMillis(4), [4; 10]),
                email: EMAIL.to_owned(),
                name: "Ada".to_owned(),
            },
            workspace: Workspace {
                id: self.workspace(),
                name: "Analytical Engines".to_owned(),
            },
            admin: false,
            device: devices.get(&id).map(|device| Device {
                id,
                name: device.name.clone(),
                kind: ferry_protocol::api::DeviceKind::Extension,
                state: device.state,
            }),
            vault: (self.is_trusted(id) && self.has_vault.get()).then(|| self.vault()),
        }
    }

    fn vault(&self) -> VaultIdentity {
        VaultIdentity {
            current: self.vault.borrow().public(),
            successions: self.successions.borrow().clone(),
        }
    }

    fn is_trusted(&self, id: DeviceId) -> bool {
        self.devices
            .borrow()
            .get(&id)
            .is_some_and(|device| device.state == DeviceState::Trusted)
    }

    fn enrol(&self, ask: EnrolDevice, key: PublicJwk) -> Answer {
        device::verify_sealing_key(&key, &ask.sealing_key, ask.sealing_key_signature.as_ref())
            .map_err(|_| ProblemCode::InvalidRequest)?;
        let enrolled = Enrolled {
            key,
            sealing_key: ask.sealing_key,
            signature: ask.sealing_key_signature,
            name: ask.name,
            state: DeviceState::AwaitingCode,
        };
        self.devices.borrow_mut().insert(key.device_id(), enrolled);
        write(&self.me(key.device_id()))
    }

    fn approval_answer(&self, now: UnixMillis) -> ApprovalAnswer {
        ApprovalAnswer {
            state: self.approval.get(),
            until: Some(now.plus(900_000)),
        }
    }

    fn listed(&self, this: DeviceId) -> Devices {
        let devices = self.devices.borrow();
        let listed = devices.iter().map(|(id, device)| ListedDevice {
            id: *id,
            name: device.name.clone(),
            kind: DeviceKind::Extension,
            state: device.state,
            this_device: *id == this,
            enrolled_at: UnixMillis(5),
            trusted_at: None,
            disabled_at: None,
            last_seen_at: None,
            approved_by: None,
            request: None,
            keys: DeviceKeys {
                device_key: device.key,
                sealing_key: device.sealing_key,
                sealing_key_signature: device.signature.clone(),
            },
        });
        Devices {
            devices: listed.collect(),
            most: 20,
        }
    }

    /// `/v1/devices/{device}/approve`, `deny` or `disable`.
    fn decide_on(&self, request: &HttpRequest, path: &str, by: DeviceId) -> Result<(), ProblemCode> {
        let mut parts = path.split('/').skip(3);
        let id: DeviceId = parts
            .next()
            .and_then(|id| id.parse().ok())
            .ok_or(ProblemCode::NotFound)?;
        let state = match parts.next() {
            Some("approve") => {
                let Approve { statement, signature } = read(request)?;
                let key = self.devices.borrow()[&by].key;
                statement
                    .verify(&key, signature.as_ref())
                    .map_err(|_| ProblemCode::ApprovalRejected)?;
                let shown = self.devices.borrow()[&id].sealing_key.thumbprint();
                if statement.device != id || statement.sealing_key.as_ref() != shown {
                    return Err(ProblemCode::ApprovalRejected);
                }
                self.approved.borrow_mut().push(statement);
                DeviceState::Trusted
            }
            Some("deny") => DeviceState::AwaitingCode,
            Some("disable") => DeviceState::Disabled,
            _ => return Err(ProblemCode::NotFound),
        };
        let mut devices = self.devices.borrow_mut();
        devices.get_mut(&id).ok_or(ProblemCode::NotFound)?.state = state;
        Ok(())
    }

    fn verify(&self, ask: VerifyCode, id: DeviceId) -> Answer {
        if ask.code != super::super::CODE {
            return Err(ProblemCode::CodeWrong);
        }
        if let Some(device) = self.devices.borrow_mut().get_mut(&id) {
            device.state = DeviceState::Trusted;
        }
        write(&self.me(id))
    }

    fn begin(&self, ask: BeginTransfer, now: UnixMillis) -> Answer {
        if self.account.borrow().role != Role::Owner {
            return Err(ProblemCode::Forbidden);
        }
        if self.consent.borrow().is_none() {
            return Err(ProblemCode::ConsentRequired);
        }
        let mut offers = self.offers.borrow_mut();
        if self.lie.get() == Some(Lie::ReplayedKey) {
            let (id, private) = offers.values().next().expect("a key handed out before");
            return write(&self.offer(*id, private.public(), now));
        }
        let (id, private) = offers.entry(ask.transfer).or_insert_with(|| {
            let serial = self.next();
            (
                SealingKeyId::new(now, [serial; 10]),
                VaultKey::generate([serial; 32]),
            )
        });
        write(&self.offer(*id, private.public(), now))
    }

    /// The offer, with the lie that was asked for.
    fn offer(&self, id: SealingKeyId, public: PublicJwk, now: UnixMillis) -> TransferOffer {
        let lie = self.lie.get();
        let own = SigningKey::generate([250; 32]).expect("a key");
        let vault = self.vault.borrow();
        let signer = if matches!(lie, Some(Lie::OwnVault | Lie::ForgedSuccession)) {
            &own
        } else {
            &vault
        };
        let workspace = match lie {
            Some(Lie::OtherWorkspace) => WorkspaceId::new(UnixMillis(9), [9; 10]),
            _ => self.workspace(),
        };
        let expires_at = now.plus(if lie == Some(Lie::ExpiredKey) {
            -1
        } else {
            3_600_000
        });
        let message = SignedSealingKey::message(&id, &workspace, expires_at, &public);
        let signature = signer.sign(&message);
        let swapped = VaultKey::generate([251; 32]).public();
        let public = if lie == Some(Lie::SwappedKey) {
            swapped
        } else {
            public
        };
        let mut identity = VaultIdentity {
            current: signer.public(),
            ..self.vault()
        };
        if lie == Some(Lie::ForgedSuccession) {
            let message = Succession::message(&workspace, &own.public());
            let forged = Succession {
                from: vault.public(),
                to: own.public(),
                signature: own.sign(&message),
            };
            identity.successions.push(forged);
        }
        TransferOffer {
            sealing_key: SignedSealingKey {
                id,
                workspace,
                expires_at,
                public,
                signature,
            },
            vault: identity,
        }
    }

    fn store(&self, transfer: TransferId, sealed: SealedSession, now: UnixMillis) -> Answer {
        if let Some(code) = self.upload_refusal.take() {
            return Err(code);
        }
        let before = self.stored.borrow().clone();
        let same_transfer =
            |sealed: &SealedSession| sealed.header().is_ok_and(|header| header.transfer == transfer);
        match before {
            Some(before) if before == sealed => return write(&self.account()),
            Some(before) if same_transfer(&before) => return Err(ProblemCode::TransferConflict),
            _ => {}
        }
        let header = sealed.header().map_err(|_| ProblemCode::SealRejected)?;
        let text_version = self.consent.borrow().as_ref().map(|consent| consent.text_version);
        if header.transfer != transfer || text_version != Some(CONSENT_TEXT_VERSION) {
            return Err(ProblemCode::SealRejected);
        }
        self.stores.set(self.stores.get() + 1);
        *self.stored.borrow_mut() = Some(sealed);
        self.account.borrow_mut().session = SessionStatus::Transferred(StoredSession {
            transfer,
            transferred_at: now,
            device_name: "Ada's laptop".to_owned(),
            transferred_by: "Ada".to_owned(),
            expires_at: now.plus(86_400_000),
            check: None,
        });
        write(&self.account())
    }
}

fn read<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ProblemCode> {
    let body = request.body.as_ref().ok_or(ProblemCode::InvalidRequest)?;
    serde_json::from_slice(body).map_err(|_| ProblemCode::InvalidRequest)
}

fn write(answer: &impl Serialize) -> Answer {
    Ok(serde_json::to_vec(answer).expect("serialisable"))
}

fn status(code: ProblemCode) -> u16 {
    match code {
        ProblemCode::UseDpopNonce | ProblemCode::InvalidDpopProof | ProblemCode::InvalidToken => 401,
        ProblemCode::Unavailable => 503,
        ProblemCode::NotFound => 404,
        ProblemCode::TransferConflict => 409,
        _ => 403,
    }
}

fn problem(code: ProblemCode) -> Vec<u8> {
    let problem = Problem {
        kind: String::new(),
        status: status(code),
        code,
        title: String::new(),
        detail: format!("The server says {code:?}."),
        request_id: None,
    };
    serde_json::to_vec(&problem).expect("serialisable")
}
