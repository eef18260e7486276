/* SPDX-License-Identifier: MIT */
#include "policyfile.h"

#include "message.h"

#include <string.h>
#include <sys/stat.h>

int policy_load_name(const char *name, sn_policy **ret_policy, char **ret_path, sn_error **ret_error)
{
    cleanup_free char *here = NULL;
    struct stat status;
    const char *wanted = name;

    *ret_path = NULL;
    if (strchr(name, '/')) {
        *ret_path = xstrdup(name);
    } else if (stat(name, &status) == 0 && S_ISREG(status.st_mode)) {
        /* the library takes a name without a slash for an installed policy */
        here = xprintf("./%s", name);
        wanted = here;
        *ret_path = xstrdup(name);
    }
    return sn_policy_load(wanted, ret_policy, ret_error);
}

int policy_load_argument(const struct cli *cli, const char *option, const char *name, sn_policy **ret_policy)
{
    cleanup_free char *what = NULL;
    cleanup_free char *path = NULL;
    sn_error *error = NULL;

    if (policy_load_name(name, ret_policy, &path, &error) == 0)
        return 0;
    /* an error with a place in the file names the file already */
    if (option)
        what = sn_error_line(error) && path ? xstrdup(option) : xprintf("%s %s", option, name);
    return fail_error(cli, status_of_error(error), what, path, error);
}

int policy_load_settings(const struct cli *cli, const struct settings *settings, sn_policy **ret_policy)
{
    return settings->policy ? policy_load_argument(cli, "--policy", settings->policy, ret_policy) : 0;
}
