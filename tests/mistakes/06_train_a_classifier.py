"""Mistakes that learners make in the exercises of lesson 06."""
# ruff: noqa: F821

# %% 06-1 | by heart
model_depth_3 = XGBClassifier(**PUBLISHED | {"max_depth": 3})
model_depth_3.fit(training[BANDS], training["class"])
accuracy_depth_3 = model_depth_3.score(training[BANDS], training["class"])

# %% 06-1 | seven questions deep
accuracy_depth_3 = model.score(validation[BANDS], validation["class"])

# %% 06-1 | per cent
model_depth_3 = XGBClassifier(**PUBLISHED | {"max_depth": 3})
model_depth_3.fit(training[BANDS], training["class"])
accuracy_depth_3 = 100 * model_depth_3.score(validation[BANDS], validation["class"])

# %% 06-1 | named wrongly
model_depth_3 = XGBClassifier(**PUBLISHED | {"max_depth": 3})
model_depth_3.fit(training[BANDS], training["class"])
accuracy_depth_3 = (model_depth_3.predict(validation[BANDS]) != validation["class"]).mean()

# %% 06-1 | all twelve bands
model_depth_3 = XGBClassifier(**PUBLISHED | {"max_depth": 3})
model_depth_3.fit(training[two_bands], training["class"])
accuracy_depth_3 = model_depth_3.score(validation[two_bands], validation["class"])

# %% 06-1 | another model
model_depth_3 = XGBClassifier(**PUBLISHED | {"max_depth": 3, "subsample": 1.0})
model_depth_3.fit(training[BANDS], training["class"])
accuracy_depth_3 = model_depth_3.score(validation[BANDS], validation["class"])

# %% 06-1 | should be a number
accuracy_depth_3 = XGBClassifier(**PUBLISHED | {"max_depth": 3})

# %% 06-1 | The exam is over
model_depth_3 = XGBClassifier(**PUBLISHED | {"max_depth": 3})
model_depth_3.fit(training[BANDS], training["class"])
accuracy_depth_3 = model_depth_3.score(testing[BANDS], testing["class"])

# %% 06-2 | Those are rounds
faster = XGBClassifier(
    **PUBLISHED | {"learning_rate": 0.3, "n_estimators": 1000}, early_stopping_rounds=10
)
watched = [(validation[BANDS], validation["class"])]
faster.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
trees_worth_keeping = faster.best_iteration + 1

# %% 06-2 | So many rounds were trained
faster = XGBClassifier(
    **PUBLISHED | {"learning_rate": 0.3, "n_estimators": 1000}, early_stopping_rounds=10
)
watched = [(validation[BANDS], validation["class"])]
faster.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
trees_worth_keeping = len(faster.evals_result()["validation_0"]["mlogloss"])

# %% 06-2 | counts from 0
faster = XGBClassifier(
    **PUBLISHED | {"learning_rate": 0.3, "n_estimators": 1000}, early_stopping_rounds=10
)
watched = [(validation[BANDS], validation["class"])]
faster.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
trees_worth_keeping = faster.best_iteration * len(class_names)

# %% 06-2 | patience
faster = XGBClassifier(
    **PUBLISHED | {"learning_rate": 0.3, "n_estimators": 1000}, early_stopping_rounds=10
)
watched = [(validation[BANDS], validation["class"])]
faster.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
trees_worth_keeping = len(faster.evals_result()["validation_0"]["mlogloss"]) * len(class_names)

# %% 06-2 | steps of 0.3
trees_worth_keeping = (patient.best_iteration + 1) * len(class_names)

# %% 06-2 | loss falls and falls
faster = XGBClassifier(
    **PUBLISHED | {"learning_rate": 0.3, "n_estimators": 1000}, early_stopping_rounds=10
)
watched = [(training[BANDS], training["class"])]
faster.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
trees_worth_keeping = (faster.best_iteration + 1) * len(class_names)

# %% 06-3 | the exam
settings = {"max_depth": 2, "learning_rate": 0.1, "n_estimators": 80}
my_model = XGBClassifier(**PUBLISHED | settings)
my_model.fit(training[BANDS], training["class"])
choice = settings | {
    "validation_loss": round(log_loss(testing["class"], my_model.predict_proba(testing[BANDS])), 3)
}

# %% 06-3 | loss on the training points, which falls
settings = {"max_depth": 7, "learning_rate": 0.1, "n_estimators": 300}
my_model = XGBClassifier(**PUBLISHED | settings)
my_model.fit(training[BANDS], training["class"])
choice = settings | {
    "validation_loss": round(
        log_loss(training["class"], my_model.predict_proba(training[BANDS])), 4
    )
}

# %% 06-3 | even more by heart
settings = {"max_depth": 10, "learning_rate": 0.3, "n_estimators": 200}
my_model = XGBClassifier(**PUBLISHED | settings)
my_model.fit(training[BANDS], training["class"])
choice = settings | {
    "validation_loss": round(
        log_loss(validation["class"], my_model.predict_proba(validation[BANDS])), 3
    )
}

# %% 06-3 | has not arrived
settings = {"max_depth": 3, "learning_rate": 0.01, "n_estimators": 50}
my_model = XGBClassifier(**PUBLISHED | settings)
my_model.fit(training[BANDS], training["class"])
choice = settings | {
    "validation_loss": round(
        log_loss(validation["class"], my_model.predict_proba(validation[BANDS])), 3
    )
}

# %% 06-3 | not better
settings = {"max_depth": 7, "learning_rate": 0.1, "n_estimators": 100}
choice = settings | {"validation_loss": round(loss_by_rate["learning rate 0.1"].iloc[-1], 3)}

# %% 06-3 | do not lead to that
choice = {
    "max_depth": 7,
    "learning_rate": 0.1,
    "n_estimators": 300,
    "validation_loss": round(float(patient.best_score), 3),
}

# %% 06-3 | exactly these entries
choice = {"depth": 2, "learning_rate": 0.1, "n_estimators": 80, "validation_loss": 0.9}
