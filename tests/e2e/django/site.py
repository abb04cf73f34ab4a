"""A Django site with nothing but its admin, and two people who may sign in there.

    site.py FOLDER make      makes its database, which others may start with a copy of
    site.py FOLDER serve     prints the address and serves until ended
    site.py FOLDER forget    ends every session on the server's side
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import path

FOLDER, COMMAND = sys.argv[1:]
PEOPLE = ("alice", "bob")
PASSWORD = "correct horse battery"

settings.configure(
    SECRET_KEY="only for tests",
    DEBUG=True,
    ALLOWED_HOSTS=["admin.django.test"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    # Half a second of processor time for each sign-in otherwise.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(FOLDER, "site.sqlite3"),
            "OPTIONS": {"timeout": 20},
        }
    },
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib import admin  # noqa: E402  (needs the settings above)
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402

urlpatterns = [path("admin/", admin.site.urls)]


def make():
    call_command("migrate", verbosity=0)
    for name in PEOPLE:
        get_user_model().objects.create_superuser(name, f"{name}@example.test", PASSWORD)


def serve():
    call_command("runserver", "127.0.0.1:0", use_reloader=False, skip_checks=True)


def forget():
    print(Session.objects.all().delete()[0])


{"make": make, "serve": serve, "forget": forget}[COMMAND]()
