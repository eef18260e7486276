/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_SCENE_H
#define SENTINEL_ATTACK_SCENE_H

#include "attack.h"

#include <mqueue.h>
#include <sys/types.h>

#define SCENE_TOKEN_SIZE 33
#define SCENE_LEAKS 3

/* What the host lays out for attacks to reach for, and looks at afterwards. One for all of them. */
struct scene {
    char directory[96];
    char token[SCENE_TOKEN_SIZE];
    char abstract[64];
    char shm_name[64];
    char mq_name[64];
    int leaked[SCENE_LEAKS]; /* open in this process without close-on-exec: canary, directory, socket */
    int leak_peer;           /* our end of the leaked socket */
    int unix_listener;
    int abstract_listener;
    int tcp_listener;
    int udp_socket;
    int tcp_port;
    int udp_port;
    int shm_key;
    int shm_id;
    mqd_t queue;
    pid_t victim;
    int victim_line; /* our end of its standard input and output */
    int home;        /* the current directory we came from */
};

/* Makes everything and changes into the scene; 0, or -1 with *ret_why (to be freed) and nothing left. */
int scene_open(struct scene *scene, char **ret_why);
void scene_close(struct scene *scene);

/* The variables that tell a program of it: "K=V", to be freed by string_list_free_all(). */
void scene_environment(const struct scene *scene, bool box, struct string_list *env);
void string_list_free_all(struct string_list *list);

/* The text with every "{scene}" replaced; to be freed. */
char *scene_expand(const struct scene *scene, const char *text);

/* Is the token in these bytes? */
bool scene_has_token(const struct scene *scene, const void *data, size_t length);

/* What an attack has left behind ("the marker was changed"), or NULL; to be freed. Everything is as before after it. */
char *scene_evidence(struct scene *scene);

#endif
