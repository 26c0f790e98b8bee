//! Users.

use iggy_binary_protocol::requests::users::{
    ChangePasswordRequest, CreateUserRequest, DeleteUserRequest, GetUserRequest,
    UpdatePermissionsRequest, UpdateUserRequest,
};
use iggy_binary_protocol::responses::users::GetUsersResponse;

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::clock::now_micros;
use crate::durability::blocking;
use crate::session::Caller;
use crate::status::Status;
use crate::user::{Need, Password, ROOT, User, is_active};

/// Lengths of a password the protocol allows, in bytes.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 3..=100;

impl Broker {
    /// Everybody may look at themselves.
    pub(super) fn get_user(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: GetUserRequest = decode(body)?;
        let catalog = self.catalog.lock();
        let user = catalog.users.get(&request.user_id);
        if user.is_none_or(|user| user.id != caller.user) {
            catalog.authorize(caller, Need::ReadUsers)?;
        }
        Ok(Reply::optional(user.map(User::details)))
    }

    pub(super) fn get_users(&self, caller: Caller) -> Answer {
        let catalog = self.catalog.lock();
        catalog.authorize(caller, Need::ReadUsers)?;
        Ok(Reply::encode(&GetUsersResponse {
            users: catalog.users.iter().map(User::summary).collect(),
        }))
    }

    pub(super) async fn create_user(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: CreateUserRequest = decode(body)?;
        self.catalog.lock().authorize(caller, Need::ManageUsers)?;
        let active = is_active(request.status).ok_or(Status::INVALID_USER_STATUS)?;
        let password = stretch(request.password).await?;
        let mut catalog = self.catalog.lock();
        let user = catalog
            .users
            .insert(&request.username, |id| User {
                id,
                name: request.username.clone(),
                created_at: now_micros(),
                active,
                password,
                permissions: request.permissions,
                tokens: Default::default(),
            })
            .ok_or(Status::USER_ALREADY_EXISTS)?;
        Ok(Reply::encode(&user.details()))
    }

    pub(super) fn delete_user(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: DeleteUserRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        catalog.authorize(caller, Need::ManageUsers)?;
        match catalog.users.resolve(&request.user_id) {
            None => return Err(Status::RESOURCE_NOT_FOUND),
            Some(ROOT) => return Err(Status::CANNOT_DELETE_USER),
            Some(_) => catalog.users.remove(&request.user_id),
        };
        Ok(Reply::Empty)
    }

    pub(super) fn update_user(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: UpdateUserRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        catalog.authorize(caller, Need::ManageUsers)?;
        let id = catalog.users.resolve(&request.user_id).ok_or(Status::RESOURCE_NOT_FOUND)?;
        if id == ROOT {
            return Err(Status::CANNOT_CHANGE_PERMISSIONS);
        }
        let status = request.status.map(|code| is_active(code).ok_or(Status::INVALID_USER_STATUS));
        let active = status.transpose()?;
        if let Some(name) = request.username
            && !catalog.users.rename(id, name)
        {
            return Err(Status::USER_ALREADY_EXISTS);
        }
        if let (Some(active), Some(user)) = (active, catalog.users.get_by_id_mut(id)) {
            user.active = active;
        }
        Ok(Reply::Empty)
    }

    pub(super) fn update_permissions(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: UpdatePermissionsRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        catalog.authorize(caller, Need::ManageUsers)?;
        let user = catalog.users.get_mut(&request.user_id).ok_or(Status::RESOURCE_NOT_FOUND)?;
        if user.is_root() {
            return Err(Status::CANNOT_CHANGE_PERMISSIONS);
        }
        user.permissions = request.permissions;
        Ok(Reply::Empty)
    }

    /// Everybody may change their own password. Root's lasts until the server stops: the next
    /// start brings its own.
    pub(super) async fn change_password(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: ChangePasswordRequest = decode(body)?;
        let (id, current) = {
            let catalog = self.catalog.lock();
            let user = catalog.users.get(&request.user_id).ok_or(Status::RESOURCE_NOT_FOUND)?;
            if user.id != caller.user {
                catalog.authorize(caller, Need::ManageUsers)?;
            }
            (user.id, user.password.clone())
        };
        let attempt = request.current_password;
        if !blocking(move || Ok(current.matches(&attempt))).await? {
            return Err(Status::INVALID_CREDENTIALS);
        }
        let password = if id == ROOT {
            checked(&request.new_password)?;
            Password::given(&request.new_password)
        } else {
            stretch(request.new_password).await?
        };
        let mut catalog = self.catalog.lock();
        let user = catalog.users.get_mut(&request.user_id).ok_or(Status::RESOURCE_NOT_FOUND)?;
        user.password = password;
        Ok(Reply::Empty)
    }
}

fn checked(password: &str) -> Result<(), Status> {
    if PASSWORD_LENGTH.contains(&password.len()) { Ok(()) } else { Err(Status::INVALID_PASSWORD) }
}

/// Takes some milliseconds, so not on a task's thread.
async fn stretch(password: String) -> Result<Password, Status> {
    checked(&password)?;
    blocking(move || Ok(Password::new(&password))).await?.ok_or(Status::IO_ERROR)
}
