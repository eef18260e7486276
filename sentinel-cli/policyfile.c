/* SPDX-License-Identifier: MIT */
#include "policyfile.h"

#include "message.h"

#include <string.h>
#include <sys/stat.h>

int policy_load_name(const char *name, sn_policy **ret_policy, char **ret_path, sn_error **ret_error)
{
    cleanup_free char *here = NULL;
    sn_error *error = NULL;
    struct stat status;
    int code;

    *ret_path = NULL;
    if (strchr(name, '/')) {
        *ret_path = xstrdup(name);
        return sn_policy_load(name, ret_policy, ret_error);
    }
    /* installed ones first: what lies in the current directory may be a stranger's, named to be taken for one */
    code = sn_policy_load(name, ret_policy, &error);
    if (code != SN_ENOENT || stat(name, &status) < 0 || !S_ISREG(status.st_mode)) {
        *ret_error = error;
        return code;
    }
    sn_error_free(error);
    /* the library takes a name without a slash for an installed policy */
    here = xprintf("./%s", name);
    *ret_path = xstrdup(name);
    return sn_policy_load(here, ret_policy, ret_error);
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
